"""Which submissions need not be sent to train: those whose run is certain to end before it begins."""

from collections.abc import Sequence

from grader.lab import Lab
from grader.results import CheckResult, Outcome, TrainingResult, unimportable
from grader.training import ModelChoice
from grader.training.run import MODULE
from grader.training.trial import describe_untrained
from grader.worker import NotAttempted, StudentError


def certain_failure(lab: Lab, choice: ModelChoice, results: Sequence[CheckResult]) -> TrainingResult | None:
    """Return what the training run would come to where the checks leave no doubt, else None.

    No doubt is left where every check of the module says the same: not attempted, or the same error from importing it,
    in a fresh worker each time. A time-out is no such thing: the run has more time than a check.
    """
    names = {task.name for task in lab.spec.tasks if task.module == MODULE}
    ran = [check for check in results if check.id.partition(".")[0] in names and check.outcome is not Outcome.BLOCKED]
    if not ran:
        return None
    if all(check.outcome is Outcome.NOT_ATTEMPTED for check in ran):
        return describe_untrained(choice, NotAttempted(""))
    first = ran[0]
    same = all((check.outcome, check.message) == (Outcome.ERRORED, first.message) for check in ran)
    file = unimportable(first)
    if not same or not file or first.example is None:
        return None
    kind, _, message = first.message.removeprefix(f"{file} cannot be imported: ").partition(": ")
    return describe_untrained(choice, StudentError(kind, message, first.example.traceback or ""))
