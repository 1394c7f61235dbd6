"""Outcomes and measures → tasks with points. The manifest decides: what did not report is not a pass."""

from collections.abc import Mapping

import msgspec

from grader.lab import LabSpec, TaskSpec
from grader.results import CheckResult, Outcome, RubricLine, TaskResult, TrainingResult, sum_task, tidy
from grader.rubric.criteria import rubric_lines
from grader.rubric.measured import check_measure

SILENT = "This check did not report: the process that ran it ended first. It counts as not passed."


def score(
    spec: LabSpec, reported: Mapping[str, CheckResult], training: TrainingResult | None
) -> tuple[list[TaskResult], list[RubricLine]]:
    """Return a lab's tasks with points, and its rubric.

    `reported` holds the checks that ran, by id; ids outside the manifest are ignored. `training` is None where there
    was no training run.
    """
    tasks = score_tasks(spec, reported, training)
    return tasks, rubric_lines(spec, tasks)


def score_tasks(
    spec: LabSpec, reported: Mapping[str, CheckResult], training: TrainingResult | None
) -> list[TaskResult]:
    """Return each task of the manifest with every one of its checks and measures, in order."""
    return [sum_task(task.name, task.title, _score_checks(task, reported, training)) for task in spec.tasks]


def _score_checks(
    task: TaskSpec, reported: Mapping[str, CheckResult], training: TrainingResult | None
) -> list[CheckResult]:
    checks = []
    for id, points in task.points_by_id().items():
        name = id.partition(".")[2]
        if name in task.measures:
            checks.append(check_measure(id, points, task, training))
        else:
            found = reported.get(id) or _silent(id, points, task)
            checks.append(_with_manifest_points(found, points, hidden=name in task.hidden))
    return checks


def _with_manifest_points(check: CheckResult, points: float, *, hidden: bool) -> CheckResult:
    """Only a pass earns points, and only the manifest says how many."""
    earned = tidy(points) if check.outcome is Outcome.PASSED else 0.0
    return msgspec.structs.replace(check, points=earned, max_points=tidy(points), hidden=hidden)


def _silent(id: str, points: float, task: TaskSpec) -> CheckResult:
    title = id.partition(".")[2].replace("_", " ").capitalize()
    return CheckResult(
        id=id, title=title, outcome=Outcome.ERRORED, points=0.0, max_points=points, message=SILENT, lesson=task.lesson
    )
