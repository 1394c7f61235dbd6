"""The trusted side: keeps the warm server running, and has it fork workers."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from grader.errors import HarnessError
from grader.worker.files import WorkerFiles
from grader.worker.folders import OwnedFolder, sweep
from grader.worker.launch import Device, ServerProcess, address_in
from grader.worker.remote import Worker
from grader.worker.transport import WorkerLimits

_MOST_RESTARTS = 20


class Server:
    """The warm server. It ends with `close`, or with the process that started it, whatever ends that.

    Should it die before, it is started again at the same address: workers of the old one are lost, new ones can be had.
    """

    def __init__(
        self, device: Device, libraries: Sequence[str] | None, process: ServerProcess, folder: OwnedFolder
    ) -> None:
        self._device, self._libraries = device, libraries
        self._process = process
        self._folder = folder
        self._changing = threading.Lock()
        self._closed = False
        self.sandbox = process.sandbox
        threading.Thread(target=self._supervise, name="server supervisor", daemon=True).start()

    @classmethod
    def start(cls, device: Device = "cpu", *, level: str = "best", libraries: Sequence[str] | None = None) -> "Server":
        """Start a server; takes the seconds that importing torch and its company takes.

        `level` asks for one level of confinement instead of the best that works here, `libraries` for these to be
        imported and not all that a training run needs. Raises HarnessError.
        """
        if sys.platform != "linux":
            raise HarnessError(
                "Workers need Linux; on Windows use WSL2, on a Mac a Linux container or virtual machine."
            )
        sweep()
        folder = OwnedFolder()
        try:
            return cls(device, libraries, ServerProcess(folder.path, device, level, libraries), folder)
        except BaseException:
            folder.remove()
            raise

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def address(self) -> str:
        """Where `connect` finds this server: the path of its socket."""
        return str(address_in(self._folder.path))

    def worker(
        self, source: Path | None, limits: WorkerLimits, *, readable: Sequence[Path] = (), threads: int = 1
    ) -> Worker:
        """Start a worker; see `connect`."""
        return connect(self.address, source, limits, readable=readable, threads=threads)

    def close(self) -> None:
        """End the server and its workers. Closing twice is allowed."""
        self._closed = True
        with self._changing:
            self._process.stop()
            self._folder.remove()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _supervise(self) -> None:
        for _ in range(_MOST_RESTARTS):
            self._process.wait()
            with self._changing:
                if self._closed or not self._restart():
                    break
        # Whoever finds no socket knows that none will come; while one is only refused, a new server is on its way.
        address_in(self._folder.path).unlink(missing_ok=True)

    def _restart(self) -> bool:
        self._process.stop()
        try:
            self._process = ServerProcess(self._folder.path, self._device, self.sandbox.level, self._libraries)
        except (HarnessError, OSError):
            return False
        return True


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
