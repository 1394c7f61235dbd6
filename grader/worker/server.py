"""The warm server, `python -m grader.worker.server`: imports the heavy libraries once, then forks worker after worker.

One thread throughout, so that forking is safe. It reads nothing but Spawn messages of its own user, never touches CUDA,
and ends when its standard input does: whoever started it is gone then. Its children die with it.
"""

import gc
import os
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.worker import child, control, pages
from grader.worker.confine import Level, choose_level, fork, prepare, sandbox_info
from grader.worker.preload import preload

_LIFELINE = 0
_FORKS_THAT_PAY = 12
"""From so many on, what huge pages save of each fork is more than the second that making them takes."""


@dataclass
class Ward:
    """A worker as its server sees it."""

    pid: int
    pidfd: int
    connection: socket.socket
    reaped: bool = False


class ForkServer:
    """Accepts connections, forks, reaps. A closed connection kills its worker."""

    def __init__(self, listener: socket.socket, level: Level, device: str) -> None:
        self._listener = listener
        self._level = level
        self._device = device
        self._selector = selectors.DefaultSelector()
        self._forks = 0
        self._alive = os.pidfd_open(os.getpid())

    def serve(self) -> None:
        """Serve until the lifeline ends."""
        self._selector.register(_LIFELINE, selectors.EVENT_READ, self._stop)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        try:
            while True:
                for key, _events in self._selector.select():
                    key.data(key.fileobj)
        except _Stopped:
            return

    def _stop(self, lifeline: int) -> None:
        if not os.read(lifeline, 1):
            raise _Stopped

    def _accept(self, listener: socket.socket) -> None:
        connection, _address = listener.accept()
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _pid, user, _group = struct.unpack("3i", credentials)
        if user != os.geteuid():
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_READ, self._spawn)

    def _spawn(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        try:
            message, descriptors = control.receive(connection)
        except (OSError, msgspec.MsgspecError):
            message, descriptors = None, []
        if isinstance(message, control.Spawn) and len(descriptors) == 2:
            self._fork(connection, message, descriptors)
        else:
            connection.close()
        for descriptor in descriptors:
            os.close(descriptor)

    def _fork(self, connection: socket.socket, spawn: control.Spawn, descriptors: list[int]) -> None:
        wire, output = descriptors
        self._forks += 1
        if self._forks == _FORKS_THAT_PAY:
            pages.collapse()
        try:
            pid = fork(self._level)
        except OSError:  # too many processes or too little memory just now; whoever asked may try again
            connection.close()
            return
        if pid == 0:
            child.run(wire, output, spawn, self._level, self._device, self._alive)
        ward = Ward(pid, os.pidfd_open(pid), connection)
        self._selector.register(connection, selectors.EVENT_READ, lambda _: self._kill(ward))
        self._selector.register(ward.pidfd, selectors.EVENT_READ, lambda _: self._reap(ward))
        with suppress(OSError):  # who asked may be gone already, and then its end of the connection says so
            control.send(connection, control.Started(pid=pid))

    def _kill(self, ward: Ward) -> None:
        """Its owner closed the connection, or said something when nothing is to be said."""
        if not ward.reaped:
            self._selector.unregister(ward.connection)
            signal.pidfd_send_signal(ward.pidfd, signal.SIGKILL)

    def _reap(self, ward: Ward) -> None:
        with suppress(ProcessLookupError):  # what it started at the level `process`, where it could
            os.killpg(ward.pid, signal.SIGKILL)
        _pid, status = os.waitpid(ward.pid, 0)
        ward.reaped = True
        self._selector.unregister(ward.pidfd)
        os.close(ward.pidfd)
        if ward.connection.fileno() in self._selector.get_map():
            self._selector.unregister(ward.connection)
        with suppress(OSError):  # its owner may be gone
            control.send(ward.connection, control.Ended(status=os.waitstatus_to_exitcode(status)))
        ward.connection.close()


class _Stopped(Exception):
    """The lifeline ended."""


def main() -> None:
    """Serve on the socket named by the first argument, for the device and at the level named by the next two.

    A fourth one lists libraries to import in place of all that a training run needs, with commas between them.
    """
    address, device, wanted = sys.argv[1:4]
    libraries = [name for name in sys.argv[4].split(",") if name] if len(sys.argv) > 4 else None
    child.reserve_descriptors()
    answer = os.dup(1)
    os.dup2(2, 1)  # libraries print while they are imported; only our one line may go where our starter reads
    _leave_project_root()
    gc.disable()  # while so much is imported there is nothing to collect, and looking for it takes a sixth of the time
    preload(device, libraries)
    level = choose_level(wanted)
    prepare(level, device)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{address}.new")
        listener.listen(64)
        Path(f"{address}.new").rename(address)  # in place of a dead server's, so that there always is one
        gc.freeze()
        gc.enable()
        os.write(answer, msgspec.json.encode(sandbox_info(level)) + b"\n")
        os.close(answer)
        ForkServer(listener, level, device).serve()
    os._exit(0)  # nothing is left to be put in order, and taking a hundred thousand objects apart takes its time


def _leave_project_root() -> None:
    """Keep the rest of the project unimportable: its folder was on the path only for finding this package."""
    root = str(Path(__file__).parents[2])
    if sys.path and sys.path[0] == root:
        del sys.path[0]


if __name__ == "__main__":
    main()
