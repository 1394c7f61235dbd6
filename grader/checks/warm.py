"""The grader's end of the warm pytest process (grader/checks/forking.py): starts it, asks it for forks, ends it."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from grader.checks.requests import PACKET_BYTES, READY, Request
from grader.errors import HarnessError
from grader.lab import Lab
from grader.worker.folders import OwnedFolder

START_SECONDS = 120.0
REPLY_SECONDS = 30.0


_UNUSED = ("logging", "unraisableexception", "threadexception", "doctest", "junitxml", "pastebin", "stepwise")
"""Plugins of pytest's that would be asked at every check, and have nothing to say here."""


class WarmChecks:
    """A lab's checks, collected and ready to fork. Thread-safe. It is started anew where it has died."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab = lab
        self._seed = seed
        self._lock = threading.Lock()
        self._folder = OwnedFolder()
        self._process, self._socket, self._ready = *self._launch(), False

    def fork(self, source: Path, boundary: str, journal: Path, printed: Path) -> "Fork":
        """Run the checks that `journal` does not decide yet, in a fork; they report there. Raises HarnessError."""
        request = Request(source=str(source), boundary=boundary, journal=str(journal), printed=str(printed))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            with theirs, self._lock:
                self._make_ready()
                socket.send_fds(self._socket, [msgspec.json.encode(request)], [theirs.fileno()])
            ours.settimeout(REPLY_SECONDS)
            try:
                _packet, descriptors, _flags, _address = socket.recv_fds(ours, PACKET_BYTES, 1)
            except OSError:
                descriptors = []
        if not descriptors:
            raise HarnessError("The process of the checks gives no fork: too many processes, or too little memory.")
        return Fork(descriptors[0])

    @property
    def alive(self) -> bool:
        """Whether the process is there: where it is not, its forks have died with it and through no fault of theirs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process and its forks. Closing twice is allowed."""
        self._process.kill()
        self._process.wait()
        self._socket.close()
        self._folder.remove()

    def __enter__(self) -> "WarmChecks":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _make_ready(self) -> None:
        if not self.alive and self._ready:
            self._socket.close()
            self._process, self._socket, self._ready = *self._launch(), False
        if self._ready:
            return
        self._socket.settimeout(START_SECONDS)
        with suppress(OSError):
            self._ready = self._socket.recv(len(READY)) == READY
        if not self._ready:
            self._process.kill()
            self._process.wait()
            raise HarnessError(f"pytest could not run the checks of {self.lab.name}: {self._printed()}")

    def _launch(self) -> "tuple[subprocess.Popen[bytes], socket.socket]":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._log().open("wb") as log:
            process = subprocess.Popen(
                self._command(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(self._folder.path),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C at the terminal is for the grader, which ends this in order
            )
        return process, ours

    def _command(self, requests: int) -> list[str]:
        ini = self._folder.path / "pytest.ini"
        ini.write_text("[pytest]\n")
        options = ["--import-mode=importlib", "--noconftest", "-q", "-s", "-p", "no:cacheprovider"]
        plugins = ["-p", "grader.checks.plugin", "-p", "grader.checks.forking"]
        plugins += [part for name in _UNUSED for part in ("-p", f"no:{name}")]
        place = ["-c", str(ini), f"--rootdir={self.lab.folder.parents[1]}"]
        told = ["--requests", str(requests), "--check-seed", str(self._seed)]
        tests = [str(folder) for folder in (self.lab.visible_tests, self.lab.hidden_tests) if folder]
        return [sys.executable, "-m", "pytest", *options, *plugins, *place, *told, *tests]

    def _printed(self) -> str:
        return self._log().read_text(errors="replace").strip()[-2000:]

    def _log(self) -> Path:
        return self._folder.path / "pytest.log"


class Fork:
    """One submission's pytest process, held by its pidfd: it is not our child, and its number may be used again."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def ended(self, seconds: float) -> bool:
        """Wait up to `seconds` for the end; tell whether it has come."""
        return bool(self._poll.poll(seconds * 1000))

    def close(self) -> None:
        """Kill the process, if it is still there, and wait until it is gone."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        self._poll.poll()
        os.close(self._descriptor)


def _environment(folder: Path) -> dict[str, str]:
    """Our own environment without what could change how pytest runs; Hypothesis keeps its tables in our folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "HYPOTHESIS_"))}
    return kept | {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
