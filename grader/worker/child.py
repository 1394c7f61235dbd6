"""A worker's process, from the fork to its end: takes over the wire, confines itself, then answers requests."""

import os
import random
import shutil
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from grader.worker import confine, kernel, wire
from grader.worker.control import Spawn
from grader.worker.environment import HOME_FD, WIRE_FD, worker_environment
from grader.worker.loader import Loader
from grader.worker.service import Service


def reserve_descriptors() -> None:
    """In the server, before any library is imported: nothing else may get the numbers that workers use."""
    for descriptor in (WIRE_FD, HOME_FD):
        folder = os.open("/", os.O_PATH | os.O_DIRECTORY)
        os.dup2(folder, descriptor)
        if folder != descriptor:
            os.close(folder)


def run(wire_end: int, output: int, spawn: Spawn, level: confine.Level, device: str, alive: int) -> NoReturn:
    """Be a worker: never returns into the server's code, whatever happens. `alive` is a pidfd of the server."""
    try:
        os.setsid()
        kernel.die_with(alive)
        _take_over(wire_end, output)
        connection = socket.socket(fileno=WIRE_FD)
        try:
            _settle(spawn, level, device)
        except BaseException:
            connection.sendall(wire.encode(wire.Broken(reason=traceback.format_exc())))
            os._exit(1)
        connection.sendall(wire.encode(wire.Ready()))
        _serve(connection, _service(spawn))
        os._exit(0)
    finally:
        os._exit(1)


def _take_over(wire_end: int, output: int) -> None:
    """Keep four descriptors: nothing to read, the output twice, the wire; close the server's."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, number in ((nothing, 0), (output, 1), (output, 2), (wire_end, WIRE_FD)):
        os.dup2(descriptor, number)
    os.closerange(HOME_FD + 1, os.sysconf("SC_OPEN_MAX"))
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _settle(spawn: Spawn, level: confine.Level, device: str) -> None:
    scratch = Path(spawn.scratch)
    os.environ.update(worker_environment(scratch))
    tempfile.tempdir = None
    os.umask(0o077)
    # A submission's __pycache__ may hold other code than its source shows.
    sys.dont_write_bytecode = True
    sys.pycache_prefix = str(scratch)
    _seed()
    confine.apply(level, confine.Bounds.of(spawn, device))
    _move_in(scratch)
    _use_threads(spawn.threads)


def _move_in(scratch: Path) -> None:
    """Only now: confinement may have put the folder into a tree of its own."""
    home = os.open(scratch, os.O_PATH | os.O_DIRECTORY)
    os.dup2(home, HOME_FD)
    os.close(home)
    os.chdir(scratch)


def _seed() -> None:
    """The same start for every check: whoever forgets to seed gets the same numbers each time, and can be graded."""
    random.seed(0)
    if "numpy" in sys.modules:
        import numpy

        numpy.random.seed(0)
    if "torch" in sys.modules:
        import torch

        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        torch.manual_seed(0)


def _use_threads(threads: int) -> None:
    if threads > 1:
        import torch

        torch.set_num_threads(threads)


def _service(spawn: Spawn) -> Service:
    loader = Loader(Path(spawn.source) if spawn.source else None)
    paths = [spawn.inbox, spawn.scratch, spawn.out, *sys.path]
    folders = {f"{path}/": "" for path in [str(loader.root), *paths] if path}
    folders |= {path: Path(path).name for path in spawn.readable}
    environment = dict(os.environ)

    def renew() -> None:
        os.environ.clear()
        os.environ.update(environment)
        _empty(spawn.scratch, spawn.out)
        os.chdir(spawn.scratch)
        _seed()

    return Service(loader, folders, renew=renew)


def _empty(*folders: str) -> None:
    for folder in folders:
        for path in Path(folder).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _serve(connection: socket.socket, service: Service) -> None:
    while (payload := _read_frame(connection)) is not None:
        frame = service.answer(payload)
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
        connection.sendall(frame)


def _read_frame(connection: socket.socket) -> bytes | None:
    header = _read_exactly(connection, wire.HEADER_BYTES)
    return header and _read_exactly(connection, int.from_bytes(header, "big"))


def _read_exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(min(count - len(data), 2**20))
        if not part:
            return None
        data += part
    return bytes(data)


def _flush(stream: object) -> None:
    # The student's code may have put anything in its place.
    with suppress(Exception):
        stream.flush()  # type: ignore[attr-defined]
