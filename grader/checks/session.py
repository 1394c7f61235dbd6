"""What one pytest session knows: the lab, the submission, and how the student's code is reached."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.checks.calls import CallLog
from grader.checks.mark import CheckMark
from grader.errors import UsageError
from grader.lab import Lab, open_lab
from grader.results import CheckResult
from grader.worker.transport import Transport, WorkerLimits

OpenTransport = Callable[[str], AbstractContextManager[Transport]]
"""Opens what reaches the student's code, for one check of the task named."""


@dataclass
class LabSession:
    """A session over one lab. `boundary` is a warm server's address, or None on a student's own machine."""

    lab: Lab
    source: Path
    boundary: str | None
    journal: Path | None
    seed: int | None
    decided: dict[str, CheckResult] = field(default_factory=dict)
    current: CallLog | None = None

    @property
    def modules(self) -> frozenset[str]:
        """The names of the modules that students write."""
        return frozenset(task.module for task in self.lab.spec.tasks if task.module)

    @property
    def worker_limits(self) -> WorkerLimits:
        """The lab's limits, as the worker takes them."""
        return WorkerLimits.of(self.lab.spec.limits)

    @property
    def readable(self) -> tuple[Path, ...]:
        """Folders beside the submission that the student's code may read."""
        return (self.lab.bundled_model,) if self.lab.bundled_model else ()

    def budget(self, mark: CheckMark) -> float:
        """The seconds that a check may take, all its examples together."""
        return max(self.lab.spec.limits.check_s, mark.seconds or 0.0)

    @contextmanager
    def transports(self) -> Iterator[OpenTransport]:
        """Yield what opens a task's worker for a check, or reaches the modules in this process."""
        if self.boundary is None:
            from grader.worker.inprocess import InProcess

            # Read when torch is first imported: idle threads soon sleep; spinning ones make a busy machine crawl.
            os.environ.setdefault("GOMP_SPINCOUNT", "1000")
            yield lambda task: closing(InProcess(self.source, self.worker_limits))
            return
        from grader.checks.workers import Workers

        with closing(Workers(self.boundary, self.source, self.worker_limits, self.readable)) as workers:
            yield lambda task: nullcontext(workers.take(task))


def find_session(config: pytest.Config) -> LabSession | None:
    """Return the session's lab, told by the paths on the command line; None where they belong to no lab.

    Raises UsageError where the paths belong to more than one lab or the submission is no folder,
    and LabError for a damaged lab.
    """
    start = config.invocation_params.dir
    folders = {folder for arg in config.args if (folder := _lab_folder(start / arg.partition("::")[0])) is not None}
    if not folders:
        return None
    if len(folders) > 1:
        raise UsageError("One lab at a time, please: " + ", ".join(sorted(folder.name for folder in folders)) + ".")
    lab = open_lab(folders.pop())
    source = config.getoption("--submission")
    if source is not None and not (start / source).is_dir():
        raise UsageError(f"--submission {source}: no such folder; give the folder that holds the modules.")
    # The lab's strategies lie beside its visible tests; hidden tests import them too.
    sys.path.insert(0, str(lab.visible_tests))
    return LabSession(
        lab=lab,
        source=(start / source if source is not None else lab.folder).resolve(),
        boundary=config.getoption("--boundary"),
        journal=config.getoption("--journal"),
        seed=config.getoption("--check-seed"),
    )


def _lab_folder(path: Path) -> Path | None:
    """Return labs/NAME for a path in labs/NAME or in solutions/NAME."""
    resolved = path.resolve()
    for folder in (resolved, *resolved.parents):
        if (folder / "lab.toml").is_file():
            return folder
        twin = folder.parents[1] / "labs" / folder.name if len(folder.parents) > 1 else folder
        if folder.parent.name == "solutions" and (twin / "lab.toml").is_file():
            return twin
    return None
