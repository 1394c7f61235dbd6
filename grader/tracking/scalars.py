"""What is tracked of a run: the log that fine_tune returned, step by step, and behind it what the judge measured."""

import math

from grader.results import Plain, TrainingResult

LARGEST_STEP = 2**53  # beyond it a float holds no single steps
Scalars = list[tuple[int, dict[str, float]]]  # values by name at a step, in the order of the steps

_NAMES = {
    "loss": "claimed/train_loss",
    "eval_loss": "claimed/eval_loss",
    "learning_rate": "claimed/learning_rate",
    "grad_norm": "claimed/grad_norm",
    "epoch": "claimed/epoch",
}


def read_scalars(training: TrainingResult) -> Scalars:
    """Return the finite numbers of a run. A log is a claim, and its names say so; a step that is none is left out."""
    found: dict[int, dict[str, float]] = {}
    for record in training.history:
        step = _step(record.get("step"))
        if step is not None:
            values = {name: _number(record.get(key)) for key, name in _NAMES.items()}
            found.setdefault(step, {}).update({name: value for name, value in values.items() if value is not None})
    last = max(found, default=0)
    for name, measure in training.measurements.items():
        sides = {"base": measure.base, "tuned": measure.tuned, "value": measure.value}
        found.setdefault(last, {}).update(
            {f"judge/{name}/{side}": value for side, value in sides.items() if value is not None}
        )
    return sorted((step, values) for step, values in found.items() if values)


def _step(value: Plain) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 0 <= number < LARGEST_STEP else None


def _number(value: Plain) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
