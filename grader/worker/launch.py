"""Starting and ending the process of the warm server."""

import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal

import msgspec

from grader.errors import HarnessError
from grader.results import SandboxInfo
from grader.worker.environment import server_environment

Device = Literal["cpu", "cuda"]
_START_SECONDS = 300.0
"""A cold disk needs minutes for torch."""
_STOP_SECONDS = 10.0


class ServerProcess:
    """The warm server's process, from its launch to its end. `sandbox` says how its workers are confined."""

    def __init__(self, folder: Path, device: Device, level: str, libraries: Sequence[str] | None = None) -> None:
        """Launch, and wait until it serves at `address_in(folder)`. Raises HarnessError."""
        self._log = folder / "server.log"
        named = [] if libraries is None else [",".join(libraries)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.worker.server", str(address_in(folder)), device, level, *named],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=server_environment(device),
            )
        self.pid = self._process.pid
        self.sandbox = self._await_ready()

    def wait(self) -> None:
        """Return once the process has ended."""
        self._process.wait()

    def stop(self) -> None:
        """End the process and its workers. Stopping twice is allowed."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        self._process.kill()
        self._process.wait()

    def _await_ready(self) -> SandboxInfo:
        """Read the one line that the server prints once it serves."""
        try:
            line = _read_line(self._process.stdout, _START_SECONDS)
            return msgspec.json.decode(line, type=SandboxInfo)
        except (msgspec.MsgspecError, TimeoutError) as error:
            self.stop()
            last = self._log.read_text(errors="replace").strip()[-2000:]
            raise HarnessError(f"The worker server did not start; it said last: {last or 'nothing'}") from error
        except BaseException:
            self._process.kill()  # it has no workers yet, and would not look up before its imports are done
            self.stop()
            raise


def address_in(folder: Path) -> Path:
    """Return the path of the socket that a server in `folder` listens on."""
    return folder / "server.sock"


def _read_line(stream: IO[bytes] | None, seconds: float) -> bytes:
    if stream is None:
        raise TimeoutError
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    if not poll.poll(seconds * 1000):
        raise TimeoutError
    return stream.readline()
