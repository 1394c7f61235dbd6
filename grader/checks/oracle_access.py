"""The `oracle` fixture: trusted functions of grader/checks/oracle.py, run where no student code ever runs."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.worker.transport import Transport, WorkerLimits

FUNCTIONS = "grader.checks.oracle"
SECONDS = 120.0


class Oracle:
    """`oracle.greedy(…)` calls `grader.checks.oracle.greedy`; on a student's own machine it does so in this process."""

    def __init__(self, open_child: Callable[[], Transport] | None) -> None:
        self._open, self._child = open_child, None  # type: Callable[[], Transport] | None, Transport | None

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("_"):  # a protocol of Python's, or of whoever prints the arguments of a failing example
            raise AttributeError(name)

        def ask(*args: object, **kwargs: object) -> object:
            if self._open is None:
                return getattr(importlib.import_module(FUNCTIONS), name)(*args, **kwargs)
            if self._child is None:
                self._child = self._open()
            return self._child.call(FUNCTIONS, name, args, kwargs, seconds=SECONDS)

        return ask

    def close(self) -> None:
        """End the child, if one was started."""
        if self._child is not None:
            self._child.close()


@contextmanager
def open_oracle(boundary: str | None, limits: WorkerLimits, readable: Sequence[Path]) -> Iterator[Oracle]:
    """Yield an oracle in a clean confined child of the server at `boundary`, or in this process where that is None."""

    def open_child() -> Transport:
        from grader.worker.client import connect

        return connect(boundary or "", None, limits, readable=readable)

    oracle = Oracle(None if boundary is None else open_child)
    try:
        yield oracle
    finally:
        oracle.close()
