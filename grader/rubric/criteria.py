"""The lesson's success criteria, each at the level that its evidence shows."""

from collections.abc import Sequence

from grader.lab import LabSpec
from grader.language import noop
from grader.results import CheckResult, Outcome, RubricLine, TaskResult, tidy

MET, DEVELOPING = 0.85, 0.40  # shares of the evidence's points from which a level is reached
UNDECIDED = noop("not decided")
NOT_ATTEMPTED = noop("not attempted")
LEVELS = noop("met"), noop("developing"), noop("not yet")


def rubric_lines(spec: LabSpec, tasks: Sequence[TaskResult]) -> list[RubricLine]:
    """Return a line for each criterion of the lab, and one for each that a person is still to judge."""
    judged = [rest_on_evidence(criterion.title, criterion.evidence, tasks) for criterion in spec.criteria]
    waiting = [
        RubricLine(
            criterion=line.title, level=UNDECIDED, points=0.0, max_points=tidy(line.points), evidence=[], name=line.name
        )
        for line in spec.manual
    ]
    return [*judged, *waiting]


def rest_on_evidence(criterion: str, evidence: Sequence[str], tasks: Sequence[TaskResult]) -> RubricLine:
    """Return a criterion's line, summing its evidence (tasks or single checks) once each, also where it overlaps."""
    named = set(evidence)
    checks = [check for task in tasks for check in task.checks if task.name in named or check.id in named]
    decided = [check for check in checks if check.outcome is not Outcome.HARNESS_ERROR]
    points = tidy(sum(check.points for check in decided))
    most = tidy(sum(check.max_points for check in decided))
    level = _level(decided, points, most)
    return RubricLine(criterion=criterion, level=level, points=points, max_points=most, evidence=list(evidence))


def _level(decided: Sequence[CheckResult], points: float, most: float) -> str:
    if not most:
        return UNDECIDED
    if all(check.outcome in {Outcome.NOT_ATTEMPTED, Outcome.BLOCKED} for check in decided):
        return NOT_ATTEMPTED
    return level_of(points, most)


def level_of(points: float, most: float) -> str:
    """Return the level that a share of the points stands for; `most` is over 0."""
    share = points / most
    return LEVELS[0 if share >= MET else 1 if share >= DEVELOPING else 2]
