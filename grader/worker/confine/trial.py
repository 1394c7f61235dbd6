"""A trial of a level in a throw-away child: what it promises is attempted there, and must be refused."""

import os
import socket
from collections.abc import Callable
from pathlib import Path


def failure(confine: Callable[[], None]) -> str | None:
    """Return why confinement does not hold here, or None where every promise was kept."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, _broken_promise(confine).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        reason = stream.read().decode()
    os.waitpid(pid, 0)
    if reason == _KEPT:
        return None
    return reason or "the trial ended without an answer"


_KEPT = "kept"


def _broken_promise(confine: Callable[[], None]) -> str:
    outside = Path("/etc/passwd").resolve()
    try:
        confine()
    except (OSError, ValueError) as error:
        return f"it cannot be put on here ({error})"
    for promise, attempt in (
        ("no reading outside", lambda: outside.open().close()),
        ("no writing outside", lambda: os.close(os.open("/var/tmp", os.O_TMPFILE | os.O_WRONLY))),
        ("no network", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
        ("no processes", _fork),
        ("no signals to others", lambda: os.kill(os.getppid(), 0)),
    ):
        try:
            attempt()
        except OSError:
            continue
        return f"it was put on, and did not hold: {promise}"
    return _KEPT


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
