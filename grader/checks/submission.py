"""The `submission` fixture: attribute access that becomes calls over a transport."""

import time
from collections.abc import Callable
from pathlib import Path

from grader.checks.calls import CallLog
from grader.errors import HarnessError, SubmissionError
from grader.intake.folder import open_beneath
from grader.worker.faults import TimedOut
from grader.worker.transport import Transport

LARGEST_SOURCE = 1 << 20


class StudentModule:
    """One module of the submission: `module.function(…)` calls the student's function."""

    def __init__(self, submission: "SubmissionUnderTest", name: str) -> None:
        self._submission, self._name = submission, name

    def __getattr__(self, function: str) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            return self._submission.call(self._name, function, args, kwargs)

        return call


class SubmissionUnderTest:
    """What a check sees of a submission. One for each check; `budget` is the check's seconds in all.

    `seed` is what a check draws from whatever nobody shall have prepared for; no worker ever learns it.

    Attributes that are not listed here are the student's modules (`submission.formatting`) or, where a call
    of that name is a probe, the trusted probes of docs/architecture.md (`submission.logits(model, ids)`).
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        source: Path,
        modules: frozenset[str],
        *,
        model_path: Path | None,
        seed: int,
        seconds: float,
        budget: float,
        calls: CallLog,
    ) -> None:
        self._open, self._transport = open_transport, None  # type: Callable[[], Transport], Transport | None
        self.seed = seed
        self._source, self._modules, self._model_path = source, modules, model_path
        self._seconds, self._deadline = seconds, time.monotonic() + budget
        self._calls = calls

    @property
    def model_path(self) -> str:
        """The bundled tiny model's folder. Raises HarnessError in a lab that bundles none."""
        if self._model_path is None:
            raise HarnessError("This lab's lab.toml names no bundled model, and one of its checks asks for it.")
        return self._name(str(self._model_path), self._model_path.name)

    def __getattr__(self, name: str) -> object:
        if name in self._modules:
            return StudentModule(self, name)
        if name.startswith("_"):
            raise AttributeError(name)

        def probe(*args: object, **kwargs: object) -> object:
            return self._connected().probe(name, args, kwargs, seconds=self._remaining())

        return probe

    def call(self, module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Call a student's function and note the call. Raises the faults of `grader.worker.faults`."""
        noted = self._calls.begin(function, args, kwargs, module)
        value = self._connected().call(module, function, args, kwargs, seconds=self._remaining())
        self._calls.end(noted, value)
        return value

    def file(self, name: str, content: bytes | str) -> str:
        """Make a file that the student's code can read; return its path."""
        path = self._connected().put_file(name, content.encode() if isinstance(content, str) else content)
        return self._name(path, name)

    def folder(self, name: str) -> str:
        """Make an empty folder that the student's code can write to; return its path."""
        return self._name(self._connected().new_folder(name), name)

    def collect(self, folder: str) -> dict[str, bytes]:
        """Return what the student's code left in a folder: relative path → bytes."""
        return self._connected().collect(folder)

    def source(self, name: str) -> bytes | None:
        """Return a file of the submission, read on the trusted side; None where it is absent, special or over 1 MiB."""
        data = read_source(self._source, name)
        self._calls.answered |= data is not None
        return data

    def _name(self, path: str, name: str) -> str:
        self._calls.names[path] = name
        return path

    def _connected(self) -> Transport:
        if self._transport is None:
            self._transport = self._open()
        return self._transport

    def _remaining(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOut("The check used up its time before it came to an end.")
        return min(self._seconds, left)


def read_source(root: Path, name: str) -> bytes | None:
    """Read a regular file of at most 1 MiB below `root`, following no link at any level."""
    try:
        with open_beneath(root, tuple(name.split("/"))) as stream:
            data = stream.read(LARGEST_SOURCE + 1)
    except (OSError, SubmissionError):
        return None
    return data if len(data) <= LARGEST_SOURCE else None
