"""The training run's measures as checks of its task, so that points add up in one place."""

from grader.lab import TaskSpec
from grader.results import CheckResult, Measure, Outcome, TrainingResult, tidy
from grader.rubric.advice import ADVICE

FIRST = "trained"  # the measure that says whether there is an adapter at all; the others build on it


def check_measure(id: str, points: float, task: TaskSpec, training: TrainingResult | None) -> CheckResult:
    """Return a measure as a check: passed with full points, failed with a part of them or none.

    Without a measure it says why: the run failed (at the first measure), was not attempted, or could not happen.
    """
    name = id.partition(".")[2]
    found = training.measurements.get(name) if training else None
    if training and training.outcome is Outcome.PASSED and found:
        return _check_found(id, points, task, found, training)
    outcome, message = _why_missing(name, training)
    return CheckResult(
        id=id,
        title=_title(name),
        outcome=outcome,
        points=0.0,
        max_points=tidy(points),
        message=message,
        hint=_cure(training) if name == FIRST else "",
        lesson=task.lesson,
        hidden=True,
    )


def _check_found(id: str, points: float, task: TaskSpec, found: Measure, training: TrainingResult) -> CheckResult:
    earned = tidy(min(points, max(0.0, found.points or 0.0)))
    full = earned == tidy(points)
    measured = f"{found.value:.0%}" if found.unit == "share" else f"{found.value:g} {found.unit}".strip()
    return CheckResult(
        id=id,
        title=found.title,
        outcome=Outcome.PASSED if full else Outcome.FAILED,
        points=earned,
        max_points=tidy(points),
        message=" ".join(filter(None, [f"Measured: {measured}.", found.note])),
        hint="" if full else _cure(training) or ADVICE.get(id.partition(".")[2], ""),
        lesson=task.lesson,
        hidden=True,
    )


def _why_missing(name: str, training: TrainingResult | None) -> tuple[Outcome, str]:
    if training is None:
        return Outcome.BLOCKED, "There was no training run."
    if training.outcome is Outcome.HARNESS_ERROR:
        return Outcome.HARNESS_ERROR, training.message
    if training.outcome is Outcome.NOT_ATTEMPTED:
        return Outcome.NOT_ATTEMPTED, training.message
    if training.outcome is Outcome.PASSED:
        return Outcome.HARNESS_ERROR, f"The judge gave no measure named {name}; please report this."
    if name == FIRST:
        return training.outcome, training.message
    return Outcome.BLOCKED, "Waits for a training run that saves an adapter."


def _cure(training: TrainingResult | None) -> str:
    return " ".join(f"{pitfall.title}: {pitfall.cure}" for pitfall in training.pitfalls) if training else ""


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
