"""The wire: frames of msgpack with a length in front, and the envelopes that travel in them. Never pickle.

A frame's length is checked before it is read, and read before it is decoded. An object that stayed behind travels as a
msgpack extension type, which no dict of a student's can be mistaken for.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from grader.worker import plain
from grader.worker.census import Census
from grader.worker.faults import clean

HEADER_BYTES = 4
MAX_HANDLES = 10_000
"""In one reply; each costs the trusted side a kilobyte."""

_HANDLE = 1
_OBJECT = 2

Name = Annotated[str, msgspec.Meta(max_length=200)]


class MalformedError(Exception):
    """A frame that is not what the protocol allows; the message says what is wrong with it."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of what travels in frames. Tagged, strict, and without fields that nobody asked for."""


class Request(Envelope, frozen=True):
    """Call a function of a module, or a probe (whose module is empty). `forget` lists objects nobody refers to.

    With `anew`, all that earlier calls left behind is done away with first, as far as that can be done in one process.
    """

    number: int
    kind: Literal["call", "probe"]
    module: str
    function: str
    args: list[object]
    kwargs: dict[str, object]
    forget: list[int]
    anew: bool


class Ready(Envelope, frozen=True):
    """The first frame of a worker, sent before any of the student's code runs."""


class Broken(Envelope, frozen=True):
    """Instead of Ready: the worker could not be set up. Our fault."""

    reason: str


class Returned(Envelope, frozen=True):
    """A function returned."""

    number: int
    value: object


class Raised(Envelope, frozen=True):
    """A function raised. `ancestry` holds the names of the exception's builtin classes, nearest first."""

    number: int
    kind: Name
    ancestry: Annotated[list[Name], msgspec.Meta(max_length=50)]
    message: str
    traceback: str


class Stub(Envelope, frozen=True):
    """NotImplementedError came out of the student's own code."""

    number: int
    message: str


Reply = Ready | Broken | Returned | Raised | Stub


class HandleRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """The payload of the extension type that stands for an object."""

    id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    kind: Name
    ancestry: Annotated[list[Name], msgspec.Meta(max_length=50)]
    fields: dict[str, object]


_handle_records = msgspec.msgpack.Decoder(HandleRecord)


def frame(payload: bytes) -> bytes:
    """Put a payload's length in front of it."""
    return len(payload).to_bytes(HEADER_BYTES, "big") + payload


def encode(envelope: Envelope) -> bytes:
    """Return an envelope as one frame."""
    return frame(msgspec.msgpack.encode(envelope))


def handle_extension(id: int, value: object) -> msgspec.msgpack.Ext:
    """Return what stands in a reply for an object that stays in the worker."""
    kind, ancestry, fields = plain.describe(value)
    record = HandleRecord(id, kind[:200], [name[:200] for name in ancestry[:50]], fields)
    return msgspec.msgpack.Ext(_HANDLE, msgspec.msgpack.encode(record))


def object_extension(handle: plain.Handle) -> msgspec.msgpack.Ext:
    """Return what stands in a request for the object behind a handle."""
    return msgspec.msgpack.Ext(_OBJECT, handle.id.to_bytes(8, "big"))


def decode_request(payload: bytes, resolve: Callable[[int], object]) -> Request:
    """Read a request in the worker; `resolve` gives the object for a handle's id."""

    def object_for(code: int, data: memoryview) -> object:
        if code != _OBJECT:
            raise MalformedError(f"extension type {code} in a request")
        return resolve(int.from_bytes(data, "big"))

    return msgspec.msgpack.decode(payload, type=Request, ext_hook=object_for)


def decode_reply(payload: bytes, adopt: Callable[[plain.Handle], None]) -> Reply:
    """Read a reply on the trusted side, strictly; `adopt` is told of every handle in it, once all of it is well formed.

    Raises MalformedError, and nothing else, for anything malformed. Whatever a payload of 8 MiB says, reading it takes
    less than 200 MiB.
    """
    census = Census()
    handles: list[plain.Handle] = []

    def handle_for(code: int, data: memoryview) -> object:
        if code != _HANDLE:
            raise MalformedError(f"it holds an extension of type {code}")
        if len(handles) == MAX_HANDLES:
            raise MalformedError(f"it holds more than {MAX_HANDLES:,} objects that are no plain data")
        census.take(data)
        handles.append(_read_handle(data))
        return handles[-1]

    try:
        census.take(payload)
        reply: Reply = msgspec.msgpack.decode(payload, type=Reply, ext_hook=handle_for)
        if isinstance(reply, Returned):
            plain.check(reply.value)
    except (msgspec.MsgspecError, ValueError, RecursionError, TypeError) as error:
        raise MalformedError(str(error)) from error
    for handle in handles:
        adopt(handle)
    return reply


def _read_handle(data: memoryview) -> plain.Handle:
    record = _handle_records.decode(data)
    plain.check(record.fields)
    kind, *ancestry = (clean(name, 100) for name in (record.kind, *record.ancestry))
    return plain.Handle(record.id, kind, ancestry, record.fields)


class FrameReader:
    """Puts frames together from bytes as they come. Raises MalformedError before a frame over `cap` bytes is read."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Take more bytes; return a payload once it is whole. Raises MalformedError for bytes beyond it."""
        self._buffer += data
        if len(self._buffer) < HEADER_BYTES:
            return None
        length = int.from_bytes(self._buffer[:HEADER_BYTES], "big")
        if length > self._cap:
            raise MalformedError(f"it is larger than {self._cap // 2**20} MiB")
        end = HEADER_BYTES + length
        if len(self._buffer) < end:
            return None
        if len(self._buffer) > end:
            raise MalformedError("more came than was asked for")
        payload = bytes(self._buffer[HEADER_BYTES:end])
        self._buffer.clear()
        return payload
