"""A module that cannot be imported fails every check of it: it is told at the first of them, and the others wait."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from grader.language import noop
from grader.results import CheckResult, Outcome, Result, TaskResult, unimportable


def told_once(result: Result) -> Result:
    """Return a result as every sink shows it: each file that cannot be imported is one error."""
    return replace(result, tasks=tell_once(result.tasks))


def tell_once(tasks: Sequence[TaskResult]) -> list[TaskResult]:
    """Return tasks in which each file that cannot be imported is one error. Texts are English, points unchanged."""
    waiting = Counter(file for task in tasks for check in task.checks if (file := unimportable(check)))
    told: set[str] = set()
    return [replace(task, checks=[_tell(check, waiting, told) for check in task.checks]) for task in tasks]


def _tell(check: CheckResult, waiting: Counter[str], told: set[str]) -> CheckResult:
    file = unimportable(check)
    if not file:
        return check
    if file in told:
        message = noop(f"Waits until {file} can be imported.")
        return replace(check, outcome=Outcome.BLOCKED, message=message, example=None, hint="")
    told.add(file)
    return replace(check, hint=_tell_to_mend(file, waiting[file] - 1))


def _tell_to_mend(file: str, others: int) -> str:
    if others == 0:
        return noop(f"Mend {file} first: nothing in it can be tried before.")
    if others == 1:
        return noop(f"Mend {file} first: one more check waits for it.")
    return noop(f"Mend {file} first: {others} more checks wait for it.")
