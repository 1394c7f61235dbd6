"""A trial of a level in a throw-away child: what it promises is attempted there, and must be refused."""

import os
import socket
from collections.abc import Callable
from pathlib import Path


def failure(fork: Callable[[], int], confine: Callable[[], None]) -> str | None:
    """Return why confinement does not hold here, or None where every promise was kept."""
    reader, writer = os.pipe()
    try:
        pid = fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        return f"it cannot be put on here ({error})"
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
    try:
        confine()
    except (OSError, ValueError) as error:
        return f"it cannot be put on here ({error})"
    for promise, attempt in (
        ("no reading outside", _read),
        ("no writing outside", _write),
        ("no network", _open_socket),
        ("no processes", _fork),
        ("no signals to others", _signal_parent),
    ):
        try:
            attempt()
        except OSError:
            continue
        return f"it was put on, and did not hold: {promise}"
    return _KEPT


def _read() -> None:
    Path("/etc/passwd").read_bytes()


def _write() -> None:
    os.close(os.open("/var/tmp", os.O_TMPFILE | os.O_WRONLY))


def _open_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _signal_parent() -> None:
    os.kill(os.getppid(), 0)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
