"""Each task has a worker, and each check begins in it as if it were the first."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from grader.checks.workers import Workers
from grader.worker import Died, Server, StudentError, Worker, WorkerLimits

MODULE = """
import os, pathlib, random, sys, threading, torch

seen = []

def look():
    seen.append(1)
    found = [len(seen), os.listdir("."), "LEFT" in os.environ, random.random(), torch.is_grad_enabled()]
    pathlib.Path("note").write_text("x")
    os.environ["LEFT"] = "x"
    torch.set_grad_enabled(False)
    os.chdir("/")
    return found

def fill(folder): pathlib.Path(folder, "full").mkdir(); return os.listdir(os.path.dirname(folder))
def read(path): return open(path).read()
def make(): return look
def ask(made): return made()
def end(): os._exit(0)
def spoil():
    import gc
    gc.collect = end
def pester(): threading.Timer(0.2, os.write, [3, b"answer"]).start()
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "formatting.py").write_text(MODULE)
    return tmp_path


@pytest.fixture
def workers(warm_server: Server, source: Path) -> Iterator[Workers]:
    with closing(Workers(warm_server.address, source, WorkerLimits(), ())) as workers:
        yield workers


def call(worker: Worker, function: str, *args: object) -> object:
    return worker.call("formatting", function, args, {}, seconds=30)


def test_a_check_finds_nothing_of_the_one_before_it_in_its_tasks_worker(workers: Workers) -> None:
    first, second = ((worker.pid, call(worker, "look")) for worker in map(workers.take, ["data", "data"]))
    assert first == second
    assert isinstance(first[1], list)
    assert first[1][:3] == [1, [], False]


def test_another_task_has_another_process(workers: Workers) -> None:
    pid = workers.take("data").pid
    assert workers.take("quiz").pid != pid
    assert not psutil.pid_exists(pid)


def test_files_and_folders_of_the_check_before_are_gone(workers: Workers) -> None:
    worker = workers.take("data")
    path = worker.put_file("pairs.jsonl", b"secret")
    assert call(worker, "read", path) == "secret"
    assert call(worker, "fill", worker.new_folder("out")) == ["out"]
    worker = workers.take("data")
    with pytest.raises(StudentError, match="No such file"):
        call(worker, "read", path)
    call(worker, "look")
    assert call(worker, "fill", worker.new_folder("out")) == ["out"]


def test_an_object_of_the_check_before_is_of_no_use(workers: Workers) -> None:
    made = call(workers.take("data"), "make")
    worker = workers.take("data")
    with pytest.raises(Exception, match="belongs to another worker"):
        call(worker, "ask", made)


@pytest.mark.parametrize("act", ["end", "spoil", "pester"])
def test_what_a_hostile_check_does_to_its_worker_costs_the_next_check_no_more_than_that(
    act: str, workers: Workers
) -> None:
    """Ending it, replacing what clears up, and answering before a question is asked."""
    worker = workers.take("data")
    try:
        call(worker, act)
    except Died:
        assert act == "end"
    while act == "pester" and worker.renew():
        time.sleep(0.01)
    try:
        call(workers.take("data"), "look")
    except Died:
        assert act == "spoil"
    assert isinstance(call(workers.take("data"), "look"), list)


def test_a_server_that_died_meanwhile_costs_no_check(source: Path) -> None:
    with Server.start() as server, closing(Workers(server.address, source, WorkerLimits(), ())) as workers:
        first = workers.take("data")
        os.kill(server.pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [])
        assert isinstance(call(workers.take("data"), "look"), list)
