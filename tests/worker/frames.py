"""Replies that a hostile worker could send, and what the trusted side makes of them: for the fuzzers of the wire."""

import math
import re
import struct
from collections.abc import Callable

import msgspec
from hypothesis import strategies as st

from grader.worker import Died, NotAttempted, StudentError, TimedOut, plain, wire
from grader.worker.caller import Caller
from grader.worker.faults import MESSAGE_CHARACTERS, TRACEBACK_CHARACTERS

CAP = 2**20
ASKED = struct.pack(">BQ", 0xCF, 2**62 + 271828)
"""Stands in a frame for the number of the request that it answers."""

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
LONGEST_REMARK = 100  # how many characters were left out

lengths = st.sampled_from([0, 1, 2, 15, 16, 31, 32, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1])


def sized(heads: tuple[int, int, int], body: bytes, count: int | None = None, first_width: int = 0) -> bytes:
    """Write a value with its length in front, in the narrowest form (or a wider one), true or not."""
    count = len(body) if count is None else count
    width = next((i for i in range(first_width, 3) if count < 256 ** (1 << i)), 2)
    return bytes([heads[width]]) + (count % 2**32).to_bytes(1 << width, "big") + body


def listed(items: list[bytes], count: int | None = None) -> bytes:
    """Write a list, or one that claims another length."""
    return sized((0xDC, 0xDC, 0xDD), b"".join(items), len(items) if count is None else count, 1)


def mapped(pairs: list[tuple[bytes, bytes]], count: int | None = None) -> bytes:
    """Write a dict, keys as they come (twice, unhashable, of any type), or one that claims another length."""
    body = b"".join(key + value for key, value in pairs)
    return sized((0xDE, 0xDE, 0xDF), body, len(pairs) if count is None else count, 1)


def text(content: str) -> bytes:
    """Write text, lone surrogates included."""
    return sized((0xD9, 0xDA, 0xDB), content.encode("utf-8", "surrogatepass"))


def extension(code: int, body: bytes) -> bytes:
    """Write an extension type."""
    head = sized((0xC7, 0xC8, 0xC9), b"", len(body))
    return head + struct.pack("b", code) + body


def handles(fields: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Objects that stayed behind, and what only looks like one."""
    ids = st.sampled_from([b"\x00", b"\x01", b"\xff", b"\xa11", struct.pack(">BQ", 0xCF, 2**64 - 1)])
    names = st.text(max_size=5).map(text) | st.just(text("x" * 201)) | st.just(b"\xc0")
    records = st.tuples(ids, names, st.lists(names, max_size=3).map(listed), fields).map(list)
    return records.map(lambda parts: extension(1, listed(parts)))


scalars = st.one_of(
    st.sampled_from([b"\xc0", b"\xc1", b"\xc2", b"\xc3", b"\x00", b"\x7f", b"\xe0", ASKED]),
    st.integers(0, 255).map(lambda n: bytes([0xCC, n])),
    st.integers(0, 2**64 - 1).map(lambda n: struct.pack(">BQ", 0xCF, n)),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: struct.pack(">Bq", 0xD3, n)),
    st.integers(0, 9).map(lambda n: struct.pack(">BI", 0xCE, n)),  # four bytes where one would do
    st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1.5]).map(lambda n: struct.pack(">Bd", 0xCB, n)),
    st.floats(width=32).map(lambda n: struct.pack(">Bf", 0xCA, n)),
    st.text(st.characters(), max_size=8).map(text),
    st.binary(max_size=8).map(lambda data: sized((0xC4, 0xC5, 0xC6), data)),
    st.binary(max_size=8).map(lambda data: sized((0xD9, 0xDA, 0xDB), data)),  # mostly no UTF-8
    st.tuples(st.sampled_from([0xC4, 0xD9, 0xDC, 0xDE]), lengths).map(
        lambda lie: sized((lie[0], lie[0] + 1, lie[0] + (2 if lie[0] < 0xDC else 1)), b"", lie[1], lie[0] >= 0xDC)
    ),
    st.tuples(st.integers(-128, 127), st.binary(max_size=20)).map(lambda parts: extension(*parts)),
    st.binary(min_size=12, max_size=12).map(lambda data: extension(-1, data)),  # a time
)


def _grow(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    items = st.lists(inner, max_size=5)
    pairs = st.lists(st.tuples(inner, inner), max_size=4)
    twice = pairs.map(lambda some: mapped(some + some))
    lies = st.tuples(items, lengths).map(lambda parts: listed(*parts)) | st.tuples(pairs, lengths).map(
        lambda parts: mapped(*parts)
    )
    return items.map(listed) | pairs.map(mapped) | twice | lies | handles(pairs.map(mapped))


nests = st.tuples(st.sampled_from([b"\x91", b"\x81\xa1a", b"\x81"]), st.sampled_from([63, 66, 4_000])).map(
    lambda nest: nest[0] * nest[1] + b"\xc0"
)
values = st.recursive(scalars, _grow, max_leaves=12) | nests

FIELDS = {
    "Ready": (),
    "Broken": ("reason",),
    "Returned": ("number", "value"),
    "Raised": ("number", "kind", "ancestry", "message", "traceback"),
    "Stub": ("number", "message"),
    "Request": ("number", "kind", "module", "function", "args", "kwargs", "forget"),
    "x" * 300: ("number",),
}


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    """An envelope of any kind whose fields are mostly right and sometimes wrong, missing, doubled or unknown."""
    kind = draw(st.sampled_from(["Returned", *sorted(FIELDS)]) | st.just("Returned"))
    right: dict[str, st.SearchStrategy[bytes]] = {
        "number": st.just(ASKED),
        "value": values,
        "ancestry": st.lists(st.sampled_from(["ValueError", "OSError", "StopIteration", "Exit"]).map(text)).map(listed),
    }
    pairs = [(text("type"), text(kind))]
    for name in FIELDS[kind]:
        honest = right.get(name, st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(text))
        pairs.append((text(name), draw(honest if draw(st.integers(0, 9)) else values)))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        change = draw(st.integers(0, 2))
        place = draw(st.integers(0, len(pairs) - 1))
        if change == 0 and len(pairs) > 1:
            del pairs[place]
        elif change == 1:
            pairs.append((pairs[place][0], draw(values)))
        else:
            pairs.append((draw(values), draw(values)))
    return mapped(pairs)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An envelope in which bytes were changed, left out, put in or doubled."""
    payload = bytearray(draw(envelopes()))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(st.integers(0, len(payload))), draw(st.integers(0, len(payload)))))
        payload[start:end] = draw(st.binary(max_size=6)) + bytes(payload[start:end]) * draw(st.integers(0, 2))
    return bytes(payload)


payloads = envelopes() | damaged() | st.binary(max_size=200)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A payload behind its length, mostly; else behind a lie, or with more after it."""
    payload = draw(payloads)
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return draw(lengths).to_bytes(4, "big") + payload
    if kind == 1:
        return wire.frame(payload) + draw(st.binary(min_size=1, max_size=9))
    return wire.frame(payload)


class Scripted(Caller):
    """The trusted side over a worker that answers every request with the same bytes, in pieces of `step`."""

    def __init__(self, answer: bytes, step: int) -> None:
        super().__init__()
        self._answer = answer
        self._step = step

    def _exchange(self, frame: bytes, seconds: float) -> bytes:
        request = wire.decode_request(frame[wire.HEADER_BYTES :], lambda id: None)
        answer = self._answer.replace(ASKED, struct.pack(">BQ", 0xCF, request.number))
        reader = wire.FrameReader(CAP)
        for start in range(0, len(answer), self._step):
            try:
                payload = reader.feed(answer[start : start + self._step])
            except wire.MalformedError as error:
                raise self._give_up(str(error)) from error
            if payload is not None:
                return payload
        raise TimedOut("silence")

    def _give_up(self, reason: str) -> Died:
        return Died(reason)


def receive(answer: bytes, step: int = 2**18) -> str:
    """Have the trusted side read a reply; return how it ended. What is neither a plain value nor a fault is raised."""
    try:
        value = Scripted(answer, step).call("module", "function", [], {}, seconds=1.0)
    except StudentError as fault:
        _check_text(fault.kind, 100)
        _check_text(fault.message, MESSAGE_CHARACTERS)
        _check_text(fault.traceback, TRACEBACK_CHARACTERS)
        return "raised"
    except (NotAttempted, TimedOut, Died) as fault:
        _check_text(fault.message, MESSAGE_CHARACTERS)
        return type(fault).__name__
    plain.check(value)
    repr(value)
    _encode_again(value)
    return "returned"


def _check_text(shown: str, limit: int) -> None:
    assert len(shown) <= limit + LONGEST_REMARK
    assert not CONTROLS.search(shown), repr(shown)


def _encode_again(value: object) -> None:
    """Whatever crossed is made of exact types that cross again."""
    hook: Callable[[object], object] = lambda handle: handle.fields  # type: ignore[attr-defined]  # noqa: E731
    msgspec.msgpack.encode(plain.lower(value, hook))
