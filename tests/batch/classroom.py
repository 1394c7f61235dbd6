"""A class of week 00 in a temporary folder, and a batch over it in this process with the session's warm server."""

import copy
import io
import json
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from grader.batch.attendance import Class
from grader.batch.command import run_batch
from grader.batch.jobs import Job, Report
from grader.batch.local import LocalEngine
from grader.batch.settings import Asked, Terms
from grader.batch.shards import Shard
from grader.checks.warm import WarmChecks
from grader.grade import Grading
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import Result, SandboxInfo, decode
from grader.worker import Server

RIGHT = (PROJECT / "solutions" / "week00" / "warmup.py").read_text()
STUB = (PROJECT / "labs" / "week00" / "warmup.py").read_text()
SUMS = RIGHT.replace("fsum(losses) / len(losses)", "fsum(losses)")
SEED = 5


@dataclass
class Ended:
    """How a batch came out: its exit code, what it printed, and how many jobs it gave to the engine."""

    code: int
    printed: str
    jobs: list[str]


class CountingEngine(LocalEngine):
    """The local engine with a server that is warm already, which notes what it was asked to do."""

    def __init__(self, terms: Terms, server: Server, done: list[str]) -> None:
        @contextmanager
        def warm_up() -> Iterator[Grading]:
            with WarmChecks(terms.lab, terms.seed) as checks:
                yield Grading(terms.lab, terms.choice, server, checks, terms.seed, lambda message: None)

        super().__init__(terms, warm_up, 2)
        self._done = done

    def submit(self, job: Job) -> "Future[Report]":
        """Note the job and do it."""
        self._done.append(f"{job.stage} {job.id}")
        return super().submit(job)


class Classroom:
    """Submissions in `folder`, reports in `out`."""

    def __init__(self, root: Path, server: Server) -> None:
        self.folder, self.out = root / "class", root / "out"
        self.folder.mkdir()
        self.lab = find_lab("week00")
        self._server = server

    def add(self, name: str, source: str) -> Path:
        """Hand in one module under a name."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "warmup.py").write_text(source)
        return folder

    def batch(
        self,
        *,
        lab: Lab | None = None,
        seed: int | None = None,
        model: str = "auto",
        unconfined: bool = False,
        sandbox: SandboxInfo | None = None,
        attempt: Literal["latest", "best"] = "latest",
        shard: Shard | None = None,
        roster: Path | None = None,
        pseudonymous: bool = False,
    ) -> Ended:
        """Run a batch; `sandbox` is what the server is made to say of itself."""
        text = io.StringIO()
        jobs: list[str] = []
        taken = lab or self.lab
        asked = Asked(taken, model, "cpu" if model != "auto" else "auto", seed, unconfined)
        server = _claiming(self._server, sandbox) if sandbox else self._server
        group = Class(self.folder, self.out, attempt, shard, roster, pseudonymous=pseudonymous)
        console = Console(file=text, width=400, highlight=False)
        code = run_batch(asked, group, lambda terms: CountingEngine(terms, server, jobs), console)
        return Ended(code, text.getvalue(), jobs)

    def result(self, id: str) -> Result:
        """Return a submission's result."""
        return decode((self.out / id / "result.json").read_bytes())


def _claiming(server: Server, sandbox: SandboxInfo) -> Server:
    """Return the server, saying of its confinement what it is told to."""
    claiming = copy.copy(server)
    claiming.sandbox = sandbox
    return claiming


def timeless(path: Path) -> object:
    """Return a result.json without its durations."""
    return _without_durations(json.loads(path.read_bytes()))


def _without_durations(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_durations(item) for key, item in value.items() if not key.endswith(("_s", "seconds"))}
    return [_without_durations(item) for item in value] if isinstance(value, list) else value
