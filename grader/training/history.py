"""The log that fine_tune returned: a claim, cleaned for showing. No point depends on it."""

import math

KEYS = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm")
MAX_RECORDS = 500

Record = dict[str, float | None]


def clean_history(claimed: object) -> list[Record]:
    """Keep the known numbers of at most 500 records; what is not finite becomes None, all else is left out."""
    if not isinstance(claimed, list):
        return []
    records = [_clean(record) for record in claimed[:MAX_RECORDS] if isinstance(record, dict)]
    return [record for record in records if record]


def claimed_steps(history: list[Record]) -> int | None:
    """Return the number of optimizer steps that the log speaks of, 1 or more, or None."""
    most = max((step for record in history if (step := record.get("step")) is not None), default=0.0)
    return int(most) if most >= 1 else None


def claimed_rates(history: list[Record]) -> list[float]:
    """Return the learning rates in the log, in order."""
    return [rate for record in history if (rate := record.get("learning_rate")) is not None]


def _clean(record: dict[object, object]) -> Record:
    return {key: _number(record[key]) for key in KEYS if isinstance(record.get(key), int | float)}


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float) and abs(value) < 1e15 else math.nan
    return number if math.isfinite(number) else None
