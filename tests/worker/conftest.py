"""Sources for the tests of the worker's room, and both transports over one source."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.worker import InProcess, Server, Transport, WorkerLimits

MakeSource = Callable[..., Path]
OpenTransport = Callable[..., Transport]


@pytest.fixture
def make_source(tmp_path: Path) -> MakeSource:
    """Write modules into a fresh folder: `make_source(formatting="def f(): ...")`."""

    def make(folder: str = "submission", **modules: str) -> Path:
        source = tmp_path / folder
        source.mkdir(exist_ok=True)
        for name, text in modules.items():
            (source / f"{name}.py").write_text(text)
        return source

    return make


@pytest.fixture(params=["in process", "worker"])
def open_transport(request: pytest.FixtureRequest) -> Iterator[OpenTransport]:
    """Open a transport over a source: each test runs over both kinds, and must come out the same."""
    opened: list[Transport] = []

    def open_one(source: Path, limits: WorkerLimits | None = None) -> Transport:
        if request.param == "in process":
            opened.append(InProcess(source, limits or WorkerLimits()))
        else:
            server: Server = request.getfixturevalue("warm_server")
            opened.append(server.worker(source, limits or WorkerLimits()))
        return opened[-1]

    yield open_one
    for transport in opened:
        transport.close()
