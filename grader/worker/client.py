"""The trusted side: starts and ends the warm server, and has it fork workers."""

import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal

import msgspec

from grader.errors import HarnessError
from grader.results import SandboxInfo
from grader.worker.environment import server_environment
from grader.worker.files import WorkerFiles
from grader.worker.folders import OwnedFolder, sweep
from grader.worker.remote import Worker
from grader.worker.transport import WorkerLimits

Device = Literal["cpu", "cuda"]
_START_SECONDS = 300.0
"""A cold disk needs minutes for torch."""
_STOP_SECONDS = 10.0


class Server:
    """The warm server. It ends with `close`, or with the process that started it, whatever ends that."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: OwnedFolder, sandbox: SandboxInfo) -> None:
        self._process = process
        self._folder = folder
        self.sandbox = sandbox

    @classmethod
    def start(cls, device: Device = "cpu", *, level: str = "best") -> "Server":
        """Start a server; takes the seconds that importing torch and its company takes.

        `level` asks for one level of confinement instead of the best that works here. Raises HarnessError.
        """
        if sys.platform != "linux":
            raise HarnessError(
                "Workers need Linux; on Windows use WSL2, on a Mac a Linux container or virtual machine."
            )
        sweep()
        folder = OwnedFolder()
        try:
            process = _launch(folder.path, device, level)
            sandbox = _await_ready(process, folder.path)
        except BaseException:
            folder.remove()
            raise
        return cls(process, folder, sandbox)

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Where `connect` finds this server: the path of its socket."""
        return str(_address(self._folder.path))

    def worker(
        self, source: Path | None, limits: WorkerLimits, *, readable: Sequence[Path] = (), threads: int = 1
    ) -> Worker:
        """Start a worker; see `connect`."""
        return connect(self.address, source, limits, readable=readable, threads=threads)

    def close(self) -> None:
        """End the server and its workers. Closing twice is allowed."""
        _stop(self._process)
        self._folder.remove()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def connect(
    address: str,
    source: Path | None,
    limits: WorkerLimits,
    *,
    readable: Sequence[Path] = (),
    threads: int = 1,
) -> Worker:
    """Start a worker of the warm server at `address`.

    `source` is the folder of the submission's modules, which the worker may read and nothing beside it; with None the
    worker is trusted and calls our own modules. `readable` names further files and folders, such as a model's.
    Raises HarnessError where no worker can be had.
    """
    files = WorkerFiles()
    try:
        return Worker(address, source, limits, readable, threads, files)
    except BaseException:
        files.remove()
        raise


def _launch(folder: Path, device: Device, level: str) -> "subprocess.Popen[bytes]":
    with _log(folder).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "grader.worker.server", str(_address(folder)), device, level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=server_environment(device),
        )


def _await_ready(process: "subprocess.Popen[bytes]", folder: Path) -> SandboxInfo:
    """Read the one line that the server prints once it serves."""
    try:
        line = _read_line(process.stdout, _START_SECONDS)
        return msgspec.json.decode(line, type=SandboxInfo)
    except (msgspec.MsgspecError, TimeoutError) as error:
        _stop(process)
        last = _log(folder).read_text(errors="replace").strip()[-2000:]
        raise HarnessError(f"The worker server did not start; it said last: {last or 'nothing'}") from error
    except BaseException:
        _stop(process)
        raise


def _read_line(stream: IO[bytes] | None, seconds: float) -> bytes:
    if stream is None:
        raise TimeoutError
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    if not poll.poll(seconds * 1000):
        raise TimeoutError
    return stream.readline()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _address(folder: Path) -> Path:
    return folder / "server.sock"


def _log(folder: Path) -> Path:
    return folder / "server.log"
