"""How an exception that ended a check becomes an outcome, a message and an example."""

from dataclasses import dataclass

import pytest
from hypothesis.errors import Flaky, HypothesisException

from grader.checks.calls import CallLog
from grader.checks.failure import CheckFailed
from grader.errors import HarnessError
from grader.results import Example, Outcome
from grader.worker.faults import Died, NotAttempted, StudentError, TimedOut, clean

LONGEST_MESSAGE = 2_000


class Blocked(BaseException):
    """A check that this one needs did not pass. Not an Exception, so that no test catches it."""


@dataclass(frozen=True)
class Verdict:
    """What became of a check."""

    outcome: Outcome
    message: str = ""
    example: Example | None = None
    hint: str | None = None


def judge(error: BaseException, calls: CallLog) -> Verdict:
    """Turn the exception that ended a check into its verdict; `calls` holds the calls of the last example."""
    message = clean(str(error), LONGEST_MESSAGE)
    match error:
        case NotAttempted():
            return Verdict(Outcome.NOT_ATTEMPTED, message)
        case Blocked():
            return Verdict(Outcome.BLOCKED, message)
        case TimedOut():
            return Verdict(Outcome.TIMED_OUT, message, calls.example(), "Look for a loop or a wait that never ends.")
        case Died():
            return Verdict(Outcome.ERRORED, message, calls.example(), "")
        case StudentError():
            said = f"{error.kind}: {error.message}"
            if (module := calls.pending_module()) and error.came_of_import:
                message = f"{module}.py cannot be imported: {said}"[:LONGEST_MESSAGE]
                return Verdict(Outcome.ERRORED, message, calls.import_example(error.traceback), "")
            return Verdict(Outcome.ERRORED, said[:LONGEST_MESSAGE], calls.example(traceback=error.traceback), "")
        case HarnessError():
            return Verdict(Outcome.HARNESS_ERROR, message)
        case CheckFailed():
            example = calls.example(returned=error.returned, expected=error.expected)
            return Verdict(Outcome.FAILED, error.message[:LONGEST_MESSAGE], example, error.hint)
        case AssertionError():
            return Verdict(Outcome.FAILED, _explain_assertion(message, calls), calls.compared_example())
        case pytest.fail.Exception():
            return Verdict(Outcome.FAILED, _explain_failure(message), calls.example())
        case Flaky():
            return Verdict(
                Outcome.FAILED,
                "The same call gave different answers when it was repeated.",
                calls.example(),
                "Look for state that is kept between calls, or for randomness without a seed.",
            )
        case HypothesisException():
            return Verdict(Outcome.HARNESS_ERROR, f"The check itself is broken: {message}")
        case Exception() if calls.answered:
            # The test's own code stumbled over a value that came back: it was not of the type that the lab asks for.
            return Verdict(
                Outcome.FAILED,
                f"What came back cannot be used as the lab describes it ({type(error).__name__}: {message}).",
                calls.example(),
            )
        case _:
            return Verdict(Outcome.HARNESS_ERROR, f"The check itself is broken: {type(error).__name__}: {message}")


def _explain_assertion(message: str, calls: CallLog) -> str:
    """Take the sentence out of a rewritten assertion's message, or build one."""
    said, found, expression = message.partition("assert ")
    if said.strip():
        return said.strip()
    if calls.compared:
        return "What came back is not what was expected."
    return f"This should hold, and does not: {expression.splitlines()[0]}" if found else message or "The check failed."


def _explain_failure(message: str) -> str:
    """Say in plain words what `pytest.raises` says tersely."""
    kind = message.removeprefix("DID NOT RAISE ").removeprefix("<class '").removesuffix("'>")
    return f"Expected a {kind.rpartition('.')[2]}, and none was raised." if kind != message else message
