"""The world around a grading, with secrets planted and listeners in wait: what a hostile submission reached there."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

from grader.lab.folders import PROJECT

MARK = "hostile"  # every file, process and key that a sample makes is named so
SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/root", "/home", "/srv", "/dev/mqueue")
ADDRESS = ("127.0.0.1", 47107)
ABSTRACT = "\0hostile-listener"
KEY = 0x6A13  # of System V's shared memory, queues and semaphores
FOUND = "FOUND>> "  # what a sample says that read something it should not
LEAST_LINE = 40  # characters of a hidden file's line that make it a find


@dataclass
class Surroundings:
    """What is around: `root` holds results of others, `canary` stands in everything that must not be read."""

    root: Path
    canary: str
    listeners: list[socket.socket] = field(default_factory=list)

    def reached(self) -> list[str]:
        """Say what a submission left or touched, in words; nothing where it is as it was."""
        return [*self._marks(), *self._processes(), *self._kernel_objects(), *self._contacts(), *self._changes()]

    def leaks(self, text: str) -> list[str]:
        """Return what of the secrets stands in a text that others will read."""
        return [secret for secret in (self.canary, FOUND, *hidden_lines()) if secret in text]

    def _marks(self) -> Iterator[str]:
        for place in (*SHARED, str(Path.home()), str(Path.cwd()), str(PROJECT), str(self.root)):
            with suppress(OSError):
                yield from (f"{path} was left" for path in Path(place).iterdir() if path.name.startswith(f"{MARK}-"))

    def _processes(self) -> Iterator[str]:
        names = ((process.pid, process.info["name"]) for process in psutil.process_iter(["name"]))
        yield from (f"process {pid} is called {name}" for pid, name in names if name and name.startswith(MARK))

    def _kernel_objects(self) -> Iterator[str]:
        for kind in ("shm", "msg", "sem"):
            rows = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            yield from (f"{kind} {row}" for row in rows if int(row.split()[0]) == KEY)
        with suppress(OSError):
            yield from (key for key in Path("/proc/keys").read_text().splitlines() if MARK in key)

    def _contacts(self) -> Iterator[str]:
        for listener in self.listeners:
            with suppress(BlockingIOError):
                listener.recv(100) if listener.type == socket.SOCK_DGRAM else listener.accept()
                yield f"{listener.getsockname()!r} was reached"

    def _changes(self) -> Iterator[str]:
        for path in (self.root / "reports").rglob("*"):
            if path.is_file() and path.read_text() != self.canary:
                yield f"{path} was changed"


@contextmanager
def watched(root: Path, canary: str) -> Iterator[Surroundings]:
    """Plant secrets below `root`, listen on TCP, UDP and an abstract socket, and yield what tells of visits."""
    for name in ("reports/week07/neighbour/result.json", "reports/result.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(canary)
    for path in (root / "solutions").rglob("*.py"):
        path.write_text(f"{path.read_text()}\nCANARY = {canary!r}\n")
    with ExitStack() as opened:
        listeners = [
            opened.enter_context(socket.socket(family, kind))
            for family in (socket.AF_INET, socket.AF_UNIX)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ]
        for listener in listeners:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(ADDRESS if listener.family == socket.AF_INET else ABSTRACT)
            listener.setblocking(False)
            if listener.type == socket.SOCK_STREAM:
                listener.listen()
        yield Surroundings(root, canary, listeners)


@cache
def hidden_lines() -> list[str]:
    """Return the long lines of everything that no student ever gets."""
    files = [path for path in (PROJECT / "solutions").rglob("*") if path.suffix in {".py", ".toml", ".jsonl"}]
    lines = {line.strip() for path in files for line in path.read_text(encoding="utf-8").splitlines()}
    return [line for line in lines if len(line) >= LEAST_LINE]
