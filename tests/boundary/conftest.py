"""A worker that carries out code given as text: what a hostile submission would do, done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.worker import Server, Worker, WorkerLimits
from grader.worker.confine import Level, reason_against

Run = Callable[..., object]

RUNNER = """
def run(text, *args):
    scope = {"args": args}
    exec(text, scope)
    return scope.get("result")
"""


@pytest.fixture(scope="session", params=["namespaces", "landlock"])
def warm_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server at each level that is good enough for grading and works here."""
    if reason := reason_against(Level(request.param)):
        pytest.skip(reason)
    with Server.start(level=request.param) as server:
        yield server


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A submission with one function that carries out text."""
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "formatting.py").write_text(RUNNER)
    return folder


@pytest.fixture
def open_worker(warm_server: Server, submission: Path) -> Iterator[Callable[..., Worker]]:
    """Open workers over the submission, closed at the end of the test."""
    opened: list[Worker] = []

    def open_one(source: Path | None = None, limits: WorkerLimits | None = None, **options: object) -> Worker:
        opened.append(warm_server.worker(source or submission, limits or WorkerLimits(), **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for worker in opened:
        worker.close()


@pytest.fixture
def run(open_worker: Callable[..., Worker]) -> Run:
    """Carry out text in one confined worker and return its `result`."""
    worker = open_worker()

    def run_text(text: str, *args: object, seconds: float = 30.0) -> object:
        return worker.call("formatting", "run", [text, *args], {}, seconds=seconds)

    return run_text
