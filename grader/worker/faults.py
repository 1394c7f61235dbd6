"""What a call of a student's code can end in besides a value. Both transports raise the same faults."""

import builtins
import re
from collections.abc import Sequence
from functools import cache

MESSAGE_CHARACTERS = 2_000
TRACEBACK_CHARACTERS = 4_000

# C0 and C1 controls but for newline and tab, lone surrogates, and the marks that reorder text around them.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

_FRAME = re.compile(r"[^\n]+, line \d+, in (.+)")

# Raising these from a test would say something else: they steer generators and groups instead of telling of a mistake.
_NEVER_REBUILT = {"StopIteration", "StopAsyncIteration", "ExceptionGroup"}
_REBUILT: dict[str, type[Exception]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and name not in _NEVER_REBUILT
}


class StudentError(Exception):
    """The student's code raised. Also an instance of the builtin exception nearest in its ancestry."""

    def __init__(self, kind: str, message: str, traceback: str = "") -> None:
        # Not passed on to the builtin's own __init__: UnicodeDecodeError, for one, asks for five arguments.
        self.kind = kind
        self.message = message
        self.traceback = traceback

    def __str__(self) -> str:
        """Return the message, as the student's own exception would."""
        return self.message

    @property
    def came_of_import(self) -> bool:
        """Whether it was raised before any function was called: in a module's own lines, or in reading them."""
        first = _FRAME.match(self.traceback)
        return first[1] == "<module>" if first else isinstance(self, SyntaxError | ModuleNotFoundError)


class _Ended(BaseException):
    """A BaseException, so that Hypothesis neither shrinks nor replays it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAttempted(_Ended):
    """NotImplementedError came out of the student's own code: the stub is still there."""


class TimedOut(_Ended):
    """No reply within the seconds that the call had. The worker is dead."""


class Died(_Ended):
    """The worker ended, or its reply was too large or not well formed; the message says which."""


def student_error(kind: str, ancestry: Sequence[str], message: str, traceback: str = "") -> StudentError:
    """Build the StudentError for an exception known by the names of its class and its builtin ancestors.

    All texts are a claim of the student's code: they are cleaned and cut here, on the trusted side.
    """
    nearest = next((name for name in ancestry if name in _REBUILT), "Exception")
    return _error_class(nearest)(
        clean(kind, 100), clean(message, MESSAGE_CHARACTERS), clean(traceback, TRACEBACK_CHARACTERS)
    )


def not_taken(reason: Exception) -> str:
    """Say that a reply is too large or not well formed."""
    return clean(f"What your code returned cannot be taken: {reason}.", MESSAGE_CHARACTERS)


def clean(text: str, limit: int) -> str:
    """Return text without control characters, cut to `limit` characters with its middle left out."""
    text = _CONTROLS.sub("", text)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


@cache
def _error_class(builtin: str) -> type[StudentError]:
    if builtin == "Exception":
        return StudentError
    return type(builtin, (StudentError, _REBUILT[builtin]), {"__module__": __name__})
