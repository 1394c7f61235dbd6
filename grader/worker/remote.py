"""The trusted side of a worker: asks the warm server for one, exchanges frames by a deadline, leaves nothing."""

import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from grader.errors import HarnessError
from grader.worker import artifacts, control, wire
from grader.worker.caller import Caller
from grader.worker.faults import Died, TimedOut, clean, not_taken
from grader.worker.files import WorkerFiles
from grader.worker.transport import WorkerLimits
from grader.worker.watch import excess

_READY_SECONDS = 60.0
_RESTART_SECONDS = 60.0
_END_SECONDS = 10.0
_FAREWELL_SECONDS = 1.0
_TICK_SECONDS = 0.5
_MOST_READS = 64


class Worker(Caller):
    """A confined process, `pid`, that calls a submission's functions. Made by `connect` and `Server.worker`."""

    def __init__(
        self,
        address: str,
        source: Path | None,
        limits: WorkerLimits,
        readable: Sequence[Path],
        threads: int,
        files: WorkerFiles,
    ) -> None:
        super().__init__()
        self._limits = limits
        self._files = files
        self._printed = bytearray()
        self._over = ""
        self._status: int | None = None
        spawn = control.Spawn(
            source=str(source.resolve()) if source else None,
            inbox=str(files.inbox),
            scratch=str(files.scratch),
            out=str(files.out),
            readable=[str(path.resolve()) for path in readable],
            limits=limits,
            threads=threads,
        )
        self._wire, theirs = socket.socketpair()
        self._output, their_output = os.pipe()
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._wire.setblocking(False)
        os.set_blocking(self._output, False)
        try:
            self.pid = self._start(address, spawn, theirs.fileno(), their_output)
        except BaseException:
            self._close_descriptors()
            raise
        finally:
            theirs.close()
            os.close(their_output)
        self._await_ready()

    def put_file(self, name: str, content: bytes) -> str:
        """See Transport.put_file."""
        return self._files.put(name, content)

    def new_folder(self, name: str) -> str:
        """See Transport.new_folder."""
        return self._files.new_folder(name)

    def collect(self, folder: str) -> dict[str, bytes]:
        """See Transport.collect."""
        return artifacts.collect(self._files.open_folder(folder), self._limits.scratch_mb * 2**20)

    @property
    def output(self) -> str:
        """See Transport.output."""
        if self._output >= 0:
            self._drain()
        text = self._printed.decode(errors="replace")
        return clean(text, len(text))

    def renew(self) -> bool:
        """Have the next call begin anew, in the same process, with modules imported again and empty folders.

        That is for the good of honest code, and nothing that a hostile one could not undo. Returns False where another
        worker is needed: this one has ended, or said something that nobody asked for.
        """
        if self._output < 0 or select.select([self._wire], [], [], 0)[0]:
            return False
        self._drain()
        self._printed.clear()
        self._files.empty_inbox()
        self._begin_anew()
        return True

    def close(self) -> None:
        """See Transport.close."""
        if self._output >= 0:
            self._end()
        self._files.remove()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start(self, address: str, spawn: control.Spawn, wire_end: int, output: int) -> int:
        self._control.settimeout(_READY_SECONDS)
        try:
            self._connect(address)
            control.send(self._control, spawn, (wire_end, output))
            message, _ = control.receive(self._control)
        except (OSError, msgspec.MsgspecError) as error:
            raise HarnessError(f"The worker server at {address} gives no worker: {error}.") from error
        if not isinstance(message, control.Started):
            raise HarnessError(f"The worker server at {address} gives no worker; start it again.")
        return message.pid

    def _connect(self, address: str) -> None:
        """Connect; where the server has just died, wait for its owner to start it again. Raises OSError."""
        deadline = time.monotonic() + _RESTART_SECONDS
        while True:
            try:
                return self._control.connect(address)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_TICK_SECONDS)

    def _await_ready(self) -> None:
        try:
            reply = wire.decode_reply(self._receive(b"", _READY_SECONDS), self._adopt)
        except (TimedOut, Died, wire.MalformedError) as error:
            self.close()
            raise HarnessError(f"A worker could not be set up: {error}") from error
        if not isinstance(reply, wire.Ready):
            self.close()
            reason = reply.reason if isinstance(reply, wire.Broken) else "it sent no sign of being ready"
            raise HarnessError(f"A worker could not be set up: {reason}")

    def _exchange(self, frame: bytes, seconds: float) -> bytes:
        if self._output < 0:
            raise Died(self._over)
        return self._receive(frame, seconds)

    def _receive(self, frame: bytes, seconds: float) -> bytes:
        """Send `frame`, and return the next payload. Raises TimedOut and Died, and the worker is gone then."""
        deadline = time.monotonic() + seconds
        unsent = memoryview(frame)
        reader = wire.FrameReader(self._limits.reply_mb * 2**20)
        next_look = time.monotonic() + _TICK_SECONDS
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while True:
            poll.register(self._wire, select.POLLIN | (select.POLLOUT if unsent else 0))
            left = deadline - time.monotonic()
            if left <= 0:
                self._end()
                self._over = f"No answer within {seconds:g} s: is there a loop that never ends?"
                raise TimedOut(self._over)
            events = dict(poll.poll(min(left, _TICK_SECONDS) * 1000))
            if self._output in events and not self._drain():
                poll.unregister(self._output)
            if events.get(self._wire.fileno(), 0) & select.POLLOUT:
                unsent = unsent[self._send(unsent) :]
            if events.get(self._wire.fileno(), 0) & ~select.POLLOUT and (payload := self._take(reader)) is not None:
                self._drain()
                return payload
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _TICK_SECONDS
                if reason := excess(self.pid, (self._files.scratch, self._files.out), self._limits):
                    raise self._give_up(reason)

    def _send(self, unsent: memoryview) -> int:
        try:
            return self._wire.send(unsent)
        except BlockingIOError:
            return 0
        except OSError:
            raise self._died() from None

    def _take(self, reader: wire.FrameReader) -> bytes | None:
        try:
            data = self._wire.recv(2**18)
            if data:
                return reader.feed(data)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        except wire.MalformedError as error:
            raise self._give_up(not_taken(error)) from error
        raise self._died()

    def _drain(self) -> bool:
        """Read what was printed, and keep it up to the limit. Returns False once nobody can print any more.

        So much at a time, that whoever prints without end does not outlast the deadline of its call.
        """
        for _ in range(_MOST_READS):
            try:
                data = os.read(self._output, 2**16)
            except BlockingIOError:
                return True
            room = self._limits.output_kb * 1024 - len(self._printed)
            self._printed += data[: max(room, 0)]
            if not data:
                return False
        return True

    def _give_up(self, reason: str) -> Died:
        self._end()
        self._over = reason
        return Died(reason)

    def _died(self) -> Died:
        """Return the fault for a wire that was closed, once it is known what closed it."""
        if not self._await_end(_FAREWELL_SECONDS):
            self._end()
            raise HarnessError("The worker server ended while it was needed; start it again.")
        return self._give_up(_how_it_ended(self._status))

    def _end(self) -> None:
        """Kill the process, wait until it is gone, and let go of it."""
        if self._status is None:
            with suppress(OSError):  # where the server is gone, its workers are gone with it
                self._control.shutdown(socket.SHUT_WR)
                self._await_end(_END_SECONDS)
        self._drain()
        self._close_descriptors()
        self._over = "The process that ran your code has ended."

    def _await_end(self, seconds: float) -> bool:
        """Wait for the server to say how the process ended. Returns False where the server itself is gone."""
        self._control.settimeout(seconds)
        try:
            message, _ = control.receive(self._control)
        except TimeoutError:
            return True
        except (OSError, msgspec.MsgspecError):
            return False
        if isinstance(message, control.Ended):
            self._status = message.status
        return isinstance(message, control.Ended)

    def _close_descriptors(self) -> None:
        self._wire.close()
        self._control.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "Your code closed the connection to the grader."
    if status >= 0:
        return f"Your code ended the process with exit code {status}; a function returns or raises instead."
    number = -status
    name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
    likely = "; most often that means too much memory" if number == signal.SIGKILL else ""
    return f"The process that ran your code was killed by signal {number} ({name}){likely}."
