"""The workers of one session's checks: one a task, and another where it did not outlive a check."""

from collections.abc import Sequence
from pathlib import Path

from grader.worker.client import connect
from grader.worker.remote import Worker
from grader.worker.transport import WorkerLimits


class Workers:
    """Takes workers for one submission from the warm server at `address`."""

    def __init__(self, address: str, source: Path, limits: WorkerLimits, readable: Sequence[Path]) -> None:
        self._address, self._source, self._limits, self._readable = address, source, limits, readable
        self._task = ""
        self._worker: Worker | None = None

    def take(self, task: str) -> Worker:
        """Return a worker for a check of the task; it is the last check's where that was of the same one.

        Raises HarnessError.
        """
        if self._worker is not None and self._task == task and self._worker.renew():
            return self._worker
        self.close()
        self._worker = connect(self._address, self._source, self._limits, readable=self._readable)
        self._task = task
        return self._worker

    def close(self) -> None:
        """End the last worker. Closing twice is allowed."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
