"""A warm pytest process: it imports a lab's tests once, then forks for each submission. A plugin of the grader's own.

Student code never runs here, and what came back from one submission is gone with its fork. One thread throughout, so
that forking is safe. It ends when its socket does: whoever started it is gone then, and its forks die with it.
"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from grader.checks import journal
from grader.checks.plugin import MARK, SESSION
from grader.checks.requests import PACKET_BYTES, READY, Request
from grader.results import CheckResult
from grader.worker import kernel


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says where requests come from."""
    parser.getgroup("grader").addoption("--requests", type=int, help="descriptor of the socket that asks for forks")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Fork here, after the collection: each fork goes on to run its checks, the parent comes back only at the end."""
    if session.testsfailed:
        return None  # pytest says what is wrong with the lab's tests, and ends
    with socket.socket(fileno=session.config.getoption("--requests")) as requests:
        request = _await_own_request(requests)
    if request is None:
        return True
    _take_over(session, request)
    return None


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End here, and in the parent too: to take all of it apart first would copy every page that a fork shares."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _await_own_request(requests: socket.socket) -> Request | None:
    """Return in each fork with its request, and in the parent with None once nobody can ask any more."""
    gc.collect()
    gc.freeze()
    requests.send(READY)
    parent = os.pidfd_open(os.getpid())
    while True:
        packet, descriptors, _flags, _address = socket.recv_fds(requests, PACKET_BYTES, 1)
        if not packet:
            return None
        _reap()
        with socket.socket(fileno=descriptors[0]) as reply:
            pid = _fork()
            if pid == 0:
                kernel.die_with(parent)
                return msgspec.json.decode(packet, type=Request)
            if pid is not None:
                _tell(reply, pid)


def _fork() -> int | None:
    try:
        return os.fork()
    except OSError:  # too many processes or too little memory just now; the closed reply says so
        return None


def _tell(reply: socket.socket, pid: int) -> None:
    descriptor = os.pidfd_open(pid)  # it may have ended, but it is not reaped before the next request
    try:
        socket.send_fds(reply, [b"started"], [descriptor])
    except OSError:  # whoever asked is gone, and wants no fork any more
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return


def _take_over(session: pytest.Session, request: Request) -> None:
    """Make the session that was forked one about this submission."""
    printed = os.open(request.printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    for number in (1, 2):
        os.dup2(printed, number)
    os.close(printed)
    lab = session.config.stash[SESSION]
    lab.source, lab.boundary, lab.journal = Path(request.source), request.boundary, Path(request.journal)
    lab.decided = journal.results(lab.journal)
    session.items[:] = [item for item in session.items if not _is_decided(item, lab.decided)]


def _is_decided(item: pytest.Item, decided: Mapping[str, CheckResult]) -> bool:
    return MARK in item.stash and item.stash[MARK].id in decided
