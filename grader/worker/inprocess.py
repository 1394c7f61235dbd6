"""The transport of a student's own machine: the same calls and conversions, in this process, so that breakpoints work.

There is no boundary here. Prints go where pytest captures them.
"""

import gc
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from grader.worker import artifacts, wire
from grader.worker.caller import Caller
from grader.worker.faults import Died, StudentError, TimedOut, not_taken
from grader.worker.files import WorkerFiles
from grader.worker.loader import Loader
from grader.worker.service import Service
from grader.worker.transport import WorkerLimits

_MANY_MODULES = 20
_IMPORT_SECONDS = 60.0
"""Added once to a call that has imported so many modules: torch and its company take their time from a cold disk."""
_AGAIN_SECONDS = 1.0
"""A bare `except:` in a loop swallows the first alarm, so that it is repeated."""


class InProcess(Caller):
    """Calls a submission's functions in this process."""

    def __init__(self, source: Path | None, limits: WorkerLimits) -> None:
        super().__init__()
        self._limits = limits
        self._files = WorkerFiles()
        self._loader = Loader(source.resolve() if source else None)
        shown = self._files.shown_as(self._loader.root)
        self._service = Service(self._loader, shown, passing=(TimedOut, KeyboardInterrupt))

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
        """Nothing: what is printed in this process pytest has captured."""
        return ""

    def close(self) -> None:
        """See Transport.close."""
        self._loader.deactivate()
        self._files.remove()

    def _exchange(self, frame: bytes, seconds: float) -> bytes:
        with _alarm(seconds), _nothing_collected(), warnings.catch_warnings():
            # Of libraries mostly, and no error in a worker; in a student's summary they would only be noise.
            warnings.simplefilter("ignore")
            answer = self._service.answer(frame[wire.HEADER_BYTES :])
        try:
            payload = wire.FrameReader(self._limits.reply_mb * 2**20).feed(answer)
        except wire.MalformedError as error:
            raise self._give_up(not_taken(error)) from error
        return payload or b""

    def _read(self, reply: wire.Reply) -> object:
        try:
            return super()._read(reply)
        except StudentError as fault:
            # With the student's own frames at its end, so that a debugger stops where it was raised.
            error = self._service.error
            raise fault.with_traceback(error.__traceback__ if error else None) from error

    def _give_up(self, reason: str) -> Died:
        return Died(reason)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Have the collector wait during a call, and never look through the libraries that it has imported.

    They are half a million objects that stay, and each look at them takes as long as many a check.
    """
    loaded = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) - loaded >= _MANY_MODULES:
            gc.freeze()
        gc.enable()


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TimedOut in the main thread after so many seconds, unless somebody is debugging."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM") or _debugging():
        yield
        return
    loaded = len(sys.modules)
    extended = False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal extended
        if _debugging():
            return
        if not extended and len(sys.modules) - loaded >= _MANY_MODULES:
            extended = True
            signal.setitimer(signal.ITIMER_REAL, _IMPORT_SECONDS, _AGAIN_SECONDS)
            return
        raise TimedOut(f"No answer within {seconds:g} s: is there a loop that never ends?")

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _debugging() -> bool:
    if sys.gettrace() is not None:
        return True
    monitoring = getattr(sys, "monitoring", None)  # debuggers from Python 3.12 on
    return monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None
