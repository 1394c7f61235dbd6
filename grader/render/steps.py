"""What to do next, from the outcomes in the lab's order."""

from collections.abc import Sequence

from grader.language import Language, speaking
from grader.language import gettext as _
from grader.results import CheckResult, Outcome, Result, TaskResult, unimportable

# A blocked check opens by itself once the one before it passes, and ours are not the student's to mend.
_NOT_A_STEP = {Outcome.PASSED, Outcome.BLOCKED, Outcome.HARNESS_ERROR}


def next_steps(tasks: Sequence[TaskResult], limit: int = 3) -> list[CheckResult]:
    """Return the first checks to work on: files that cannot be imported, what is not right, then what was not begun.

    Each of these is in the lab's order; of a task not yet started, its first check only.
    """
    steps = [check for task in tasks for check in _steps_of(task)]
    return sorted(steps, key=lambda check: (check.outcome is Outcome.NOT_ATTEMPTED, not stops_all(check)))[:limit]


def stops_all(check: CheckResult) -> bool:
    """Tell in any language whether a file could not be imported, for whose mending the checks after this one wait."""
    return check.outcome is Outcome.ERRORED and check.example is not None and not check.example.call


def name_next_step(result: Result, language: Language) -> str:
    """Say in a few words what to do first: which file to mend before its checks can tell more, else a check's title.

    Nothing where nothing is left to do. The result is in English, as it was recorded.
    """
    file = next((file for check in result.checks() if (file := unimportable(check))), "")
    steps = next_steps(result.tasks, 1)
    with speaking(language):
        if file:
            return _("Mend {file}: it cannot be imported", file=file)
        return _(steps[0].title) if steps else ""


def not_started(task: TaskResult) -> bool:
    """Tell whether nothing of a task was attempted (its checks wait, or its files are as they were handed out)."""
    outcomes = {check.outcome for check in task.checks}
    return Outcome.NOT_ATTEMPTED in outcomes and outcomes <= {Outcome.NOT_ATTEMPTED, Outcome.BLOCKED}


def lost(check: CheckResult) -> float:
    """Return the points that a check could still bring; nothing where it was our fault."""
    return 0.0 if check.outcome is Outcome.HARNESS_ERROR else check.max_points - check.points


def _steps_of(task: TaskResult) -> list[CheckResult]:
    steps = [check for check in task.checks if check.outcome not in _NOT_A_STEP]
    return steps[:1] if not_started(task) else steps
