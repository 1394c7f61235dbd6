"""The calls that a check made in its last example, as text that a student can read and repeat."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from reprlib import Repr

from grader.results import Example

LONGEST_VALUE = 2_000
_WORKER_FOLDER = re.compile(r"/[^\s'\"]*/grader-worker-\w+/")
MOST_CALLS = 6


class _Shortened(Repr):
    """Python literals, cut in the middle where they are long."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST_VALUE
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 40
        self.maxlevel = 6
        self.maxlong = 60


def show(value: object) -> str:
    """Return a value as a Python literal of at most about 2,000 characters."""
    text = _Shortened().repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE // 2]} … {text[-LONGEST_VALUE // 4 :]}"


@dataclass
class Call:
    """One call of a student's function; `returned` is None until it answers."""

    function: str
    arguments: tuple[Sequence[object], Mapping[str, object]]
    module: str = ""
    returned: str | None = None

    def __str__(self) -> str:
        positional, named = self.arguments
        parts = [*map(show, positional), *(f"{name}={show(value)}" for name, value in named.items())]
        return f"{self.function}({', '.join(parts)})"

    def reproduce(self) -> str:
        """Return three lines of Python that make the call, or nothing where its arguments are not all in the text."""
        try:
            values = [ast.literal_eval(show(value)) for value in (*self.arguments[0], *self.arguments[1].values())]
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return ""
        if not self.module or values != [*self.arguments[0], *self.arguments[1].values()]:
            return ""
        return f"from {self.module} import {self.function}\nreturned = {self}\nprint(repr(returned))"


@dataclass
class CallLog:
    """The calls since the last example began, and the last pair of values that an `==` found unequal.

    `names` holds, for each path that the check handed over, the name that a student is shown instead: the real one is
    another in every run. `answered` tells that the check has had something of the student's: from then on, an error in
    the check's own code is what that did to it.
    """

    calls: list[Call] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    compared: tuple[object, object] | None = None
    answered: bool = False

    def rename(self, text: str) -> str:
        """Put the short names where a text shows the paths that the check handed over, or others of the worker's."""
        for path in sorted(self.names, key=len, reverse=True):
            text = text.replace(path, self.names[path])
        return _WORKER_FOLDER.sub("…/", text)

    def begin_example(self) -> None:
        """Forget the calls of the example before."""
        self.calls.clear()
        self.compared = None

    def begin(self, function: str, positional: Sequence[object], named: Mapping[str, object], module: str = "") -> Call:
        """Note a call that is about to be made."""
        call = Call(function, (positional, named), module)
        self.calls.append(call)
        return call

    def end(self, call: Call, value: object) -> None:
        """Note what a call returned."""
        call.returned = show(value)
        self.answered = True

    def pending_module(self) -> str:
        """The module of the call that has not been answered, else an empty text."""
        return self.calls[-1].module if self.calls and self.calls[-1].returned is None else ""

    def import_example(self, traceback: str) -> Example:
        """The example of a module that cannot be imported: where, and no call, since none was made."""
        return Example(call="", traceback=self.rename(traceback))

    def compared_example(self) -> Example | None:
        """The example with the two sides of the `==` that failed: what came back is on the left."""
        if self.compared is None:
            return self.example()
        returned, expected = self.compared
        return self.example(returned=show(returned), expected=show(expected))

    def example(
        self, *, returned: str | None = None, expected: str | None = None, traceback: str | None = None
    ) -> Example | None:
        """Return the calls as an Example, or None where there were none and nothing else is known."""
        if not self.calls and returned is None and traceback is None:
            return None
        shown = self.calls[-MOST_CALLS:]
        if returned is None and shown:
            returned = shown[-1].returned
        earlier = [f"{call} → {call.returned}" for call in shown[:-1] if call.returned is not None]
        last = [str(shown[-1])] if shown else []
        return Example(
            call=self.rename("\n".join(earlier + last)),
            returned=self.rename(returned) if returned is not None else None,
            expected=self.rename(expected) if expected is not None else None,
            traceback=self.rename(traceback) if traceback is not None else None,
            reproduce=self._reproduce(shown),
        )

    def _reproduce(self, shown: Sequence[Call]) -> str:
        """Return the last call as code; a path that the check handed over is nowhere but in its run."""
        code = shown[-1].reproduce() if shown else ""
        return code if code == self.rename(code) else ""
