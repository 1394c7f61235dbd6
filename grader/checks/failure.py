"""How a check says what is wrong, in its own words. Without pytest, which the grader itself need not import."""

from typing import NoReturn

from grader.checks.calls import show
from grader.worker.faults import NotAttempted


class CheckFailed(AssertionError):
    """A check's own diagnosis; its hint, when it has one, replaces the marker's."""

    def __init__(self, message: str, returned: str | None, expected: str | None, hint: str | None) -> None:
        super().__init__(message)
        self.message, self.returned, self.expected, self.hint = message, returned, expected, hint


class words(str):  # noqa: N801  # it reads as the function that it is used as
    """What was expected, in words and not as a value: `fail(…, expected=words("at most 3"))`."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the words as they are, without the quotes of a text."""
        return str(self)


_ABSENT = object()


def fail(message: str, *, returned: object = _ABSENT, expected: object = _ABSENT, hint: str | None = None) -> NoReturn:
    """Fail the check with a diagnosis: what is wrong, what came back, what was expected, and a hint of its own."""
    shown = [None if value is _ABSENT else show(value) for value in (returned, expected)]
    raise CheckFailed(message, shown[0], shown[1], hint)


def not_attempted(message: str) -> NoReturn:
    """Say that the student has not begun what this check looks at: a file is still as it was released."""
    raise NotAttempted(message)
