"""The workers of one session's checks, each its own; the next is made ready while one works."""

from collections.abc import Sequence
from pathlib import Path

from grader.errors import HarnessError
from grader.worker.client import connect, order
from grader.worker.remote import Worker
from grader.worker.transport import WorkerLimits


class Workers:
    """Takes workers for one submission from the warm server at `address`."""

    def __init__(self, address: str, source: Path, limits: WorkerLimits, readable: Sequence[Path]) -> None:
        self._address, self._source, self._limits, self._readable = address, source, limits, readable
        self._next: Worker | None = None

    def take(self) -> Worker:
        """Return a fresh worker that is ready. Raises HarnessError."""
        worker = self._next or self._order()
        self._next = self._order()
        try:
            worker.await_ready()
        except HarnessError:  # the server may have died and been started again since
            worker = connect(self._address, self._source, self._limits, readable=self._readable)
        return worker

    def close(self) -> None:
        """Send the worker away that nobody took."""
        if self._next is not None:
            self._next.close()
            self._next = None

    def _order(self) -> Worker:
        return order(self._address, self._source, self._limits, readable=self._readable)
