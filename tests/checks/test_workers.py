"""Each check has a worker of its own; while it works, the next one is made ready."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from grader.checks.workers import Workers
from grader.worker import Server, WorkerLimits

MARK = "import os, pathlib\n\ndef mark(): pathlib.Path('seen').write_text('x'); return os.listdir()\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "formatting.py").write_text(MARK)
    return tmp_path


def test_each_check_has_a_process_and_a_folder_of_its_own(warm_server: Server, source: Path) -> None:
    with closing(Workers(warm_server.address, source, WorkerLimits(), ())) as workers:
        for _ in range(3):
            with workers.take() as worker:
                assert worker.call("formatting", "mark", [], {}, seconds=30) == ["seen"]


def test_the_worker_that_nobody_took_is_gone_in_the_end(warm_server: Server, source: Path) -> None:
    children = psutil.Process(warm_server.pid).children
    before = children()
    workers = Workers(warm_server.address, source, WorkerLimits(), ())
    workers.take().close()
    while len(children()) == len(before):
        time.sleep(0.01)
    workers.close()
    assert children() == before


def test_a_server_that_died_meanwhile_costs_no_check(source: Path) -> None:
    with Server.start() as server, closing(Workers(server.address, source, WorkerLimits(), ())) as workers:
        workers.take().close()
        os.kill(server.pid, signal.SIGKILL)
        with workers.take() as worker:
            assert worker.call("formatting", "mark", [], {}, seconds=30) == ["seen"]
