"""The lesson's success criteria, each at the level that its evidence shows."""

from collections.abc import Sequence

from grader.lab import Criterion, LabSpec
from grader.results import CheckResult, Outcome, RubricLine, TaskResult, tidy

MET, DEVELOPING = 0.85, 0.40  # shares of the evidence's points from which a level is reached
UNDECIDED = "not decided"


def rubric_lines(spec: LabSpec, tasks: Sequence[TaskResult]) -> list[RubricLine]:
    """Return a line for each criterion of the lab. `evidence` names tasks or single checks."""
    return [_line(criterion, tasks) for criterion in spec.criteria]


def _line(criterion: Criterion, tasks: Sequence[TaskResult]) -> RubricLine:
    """Sum the evidence once each, also where a task and a check of it are both named."""
    named = set(criterion.evidence)
    checks = [check for task in tasks for check in task.checks if task.name in named or check.id in named]
    decided = [check for check in checks if check.outcome is not Outcome.HARNESS_ERROR]
    points = tidy(sum(check.points for check in decided))
    most = tidy(sum(check.max_points for check in decided))
    level = _level(decided, points, most)
    return RubricLine(
        criterion=criterion.title, level=level, points=points, max_points=most, evidence=list(criterion.evidence)
    )


def _level(decided: Sequence[CheckResult], points: float, most: float) -> str:
    if not most:
        return UNDECIDED
    if all(check.outcome in {Outcome.NOT_ATTEMPTED, Outcome.BLOCKED} for check in decided):
        return "not attempted"
    share = points / most
    return "met" if share >= MET else "developing" if share >= DEVELOPING else "not yet"
