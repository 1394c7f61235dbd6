"""The trusted half of a call, shared by both transports: numbers requests, reads replies, raises faults."""

import secrets
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

from grader.errors import HarnessError
from grader.worker import plain, wire
from grader.worker.faults import MESSAGE_CHARACTERS as MESSAGE
from grader.worker.faults import Died, NotAttempted, clean, not_taken, student_error
from grader.worker.plain import Handle


class Caller(ABC):
    """Turns calls into frames and frames into values. A transport adds how a frame is exchanged."""

    def __init__(self) -> None:
        self._number = 0
        self._living: weakref.WeakSet[Handle] = weakref.WeakSet()
        self._forgotten: list[int] = []
        self._anew = False

    def call(
        self, module: str, function: str, args: Sequence[object], kwargs: Mapping[str, object], *, seconds: float
    ) -> object:
        """See Transport.call."""
        return self._ask("call", module, function, args, kwargs, seconds)

    def probe(self, name: str, args: Sequence[object], kwargs: Mapping[str, object], *, seconds: float) -> object:
        """See Transport.probe."""
        return self._ask("probe", "", name, args, kwargs, seconds)

    def _begin_anew(self) -> None:
        """Have the next call begin as if it were the first; no handle from before it is any good."""
        self._living.clear()
        self._anew = True

    @abstractmethod
    def _exchange(self, frame: bytes, seconds: float) -> bytes:
        """Send a request's frame; return the reply's payload. Raises TimedOut and Died."""

    @abstractmethod
    def _give_up(self, reason: str) -> Died:
        """End the worker and return the fault to raise, with that message."""

    def _ask(
        self,
        kind: Literal["call", "probe"],
        module: str,
        function: str,
        args: Sequence[object],
        kwargs: Mapping[str, object],
        seconds: float,
    ) -> object:
        # Drawn, not counted: nobody can answer a request that was not made yet.
        self._number = secrets.randbits(63)
        forget, self._forgotten[:] = list(self._forgotten), []
        request = wire.Request(
            number=self._number,
            kind=kind,
            module=module,
            function=function,
            args=[self._sendable(argument) for argument in args],
            kwargs={name: self._sendable(argument) for name, argument in kwargs.items()},
            forget=forget,
            anew=self._anew,
        )
        self._anew = False
        payload = self._exchange(wire.encode(request), seconds)
        try:
            return self._read(wire.decode_reply(payload, self._adopt))
        except wire.MalformedError as error:
            raise self._give_up(not_taken(error)) from error

    def _read(self, reply: wire.Reply) -> object:
        if isinstance(reply, wire.Ready | wire.Broken) or reply.number != self._number:
            raise wire.MalformedError("it answers another request than the one that was made")
        if isinstance(reply, wire.Stub):
            raise NotAttempted(clean(reply.message, MESSAGE))
        if isinstance(reply, wire.Raised):
            raise student_error(reply.kind, reply.ancestry, reply.message, reply.traceback)
        return reply.value

    def _adopt(self, handle: Handle) -> None:
        """Note a handle as ours, so that no other worker's is sent; once it is gone its object may go too."""
        self._living.add(handle)
        weakref.finalize(handle, self._forgotten.append, handle.id).atexit = False

    def _sendable(self, argument: object) -> object:
        try:
            return plain.lower(argument, self._extension)
        except plain.NotPlainError as error:
            raise HarnessError(
                f"A check passed an argument that cannot be sent to a student's code: {error}."
            ) from error

    def _extension(self, argument: object) -> object:
        if not isinstance(argument, Handle):
            raise plain.NotPlainError(
                f"a {type(argument).__name__} is no plain data (or an integer beyond 64 bits, or a lone surrogate)"
            )
        if argument not in self._living:
            raise plain.NotPlainError(f"the {argument.kind} belongs to another worker")
        return wire.object_extension(argument)
