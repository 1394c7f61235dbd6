"""The wire: what comes back is what was sent, and nothing else is taken."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker import plain, wire

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)


def read(payload: bytes) -> wire.Reply:
    return wire.decode_reply(payload, lambda handle: None)


def payload_of(envelope: wire.Envelope) -> bytes:
    return wire.encode(envelope)[wire.HEADER_BYTES :]


def same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return type(left) is type(right) and left == right


@given(values)
def test_plain_data_comes_back_as_it_was_sent(value: object) -> None:
    reply = read(payload_of(wire.Returned(number=1, value=value)))
    assert isinstance(reply, wire.Returned)
    assert same(reply.value, value)


@given(st.binary(max_size=400))
def test_random_bytes_are_malformed_and_raise_nothing_else(payload: bytes) -> None:
    try:
        read(payload)
    except wire.MalformedError:
        pass
    else:
        # Only the two shortest envelopes can be met by chance, and they carry nothing.
        assert isinstance(read(payload), wire.Ready | wire.Broken)


@given(st.data(), values)
def test_a_reply_with_bytes_changed_is_refused_or_still_plain(data: st.DataObject, value: object) -> None:
    payload = bytearray(payload_of(wire.Returned(number=1, value=value)))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        reply = read(bytes(payload))
    except wire.MalformedError:
        return
    if isinstance(reply, wire.Returned):
        plain.check(reply.value)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x91" * 100_000 + b"\x90",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        msgspec.msgpack.encode({"type": "Returned", "number": 1, "value": 1, "extra": 1}),
        msgspec.msgpack.encode({"type": "Returned", "number": "1", "value": 1}),
        msgspec.msgpack.encode({"type": "Request", "number": 1}),
        msgspec.msgpack.encode({"type": "Raised", "number": 1, "kind": "x" * 201, "ancestry": [], "message": "",
                                "traceback": ""}),
    ],
)  # fmt: skip
def test_an_envelope_of_another_shape_is_malformed(payload: bytes) -> None:
    with pytest.raises(wire.MalformedError):
        read(payload)


@pytest.mark.parametrize(
    "value",
    [
        b"\xa3\xed\xa0\x80",  # a lone surrogate
        b"\xd6\xff\x00\x00\x00\x00",  # a timestamp, which would become a datetime
        b"\x81\x90\x01",  # a list as a key
        b"\xc7\x01\x05a",  # an extension of no known type
        b"\xc7\x01\x02a",  # an object's id, which only requests hold
        b"\xc7\x02\x01\xc0\xc0",  # a handle that is none
        b"\x91" * 80 + b"\x90",  # too deep
    ],
)
def test_a_value_that_is_not_plain_is_malformed(value: bytes) -> None:
    shell = msgspec.msgpack.encode({"type": "Returned", "number": 1, "value": None})
    assert shell.endswith(b"\xc0")
    with pytest.raises(wire.MalformedError):
        read(shell[:-1] + value)


def test_a_handle_whose_fields_hold_another_handle_is_malformed() -> None:
    inner = msgspec.msgpack.Ext(1, msgspec.msgpack.encode([1, "Inner", [], {}]))
    outer = msgspec.msgpack.Ext(1, msgspec.msgpack.encode([1, "Outer", [], {"field": inner}]))
    with pytest.raises(wire.MalformedError):
        read(payload_of(wire.Returned(number=1, value=outer)))


@pytest.mark.parametrize("id", [-1, 2**63, "1"])
def test_a_handle_with_an_impossible_number_is_malformed(id: object) -> None:
    handle = msgspec.msgpack.Ext(1, msgspec.msgpack.encode([id, "Model", ["Model"], {}]))
    with pytest.raises(wire.MalformedError):
        read(payload_of(wire.Returned(number=1, value=handle)))


def test_a_handles_names_are_cleaned() -> None:
    handle = msgspec.msgpack.Ext(1, msgspec.msgpack.encode([1, "Mo\x1bdel", ["Mo\x1bdel", "object"], {}]))
    reply = read(payload_of(wire.Returned(number=1, value=handle)))
    assert isinstance(reply, wire.Returned)
    assert isinstance(reply.value, plain.Handle)
    assert (reply.value.kind, reply.value.ancestry) == ("Model", ["Model", "object"])


def test_no_dict_of_a_students_is_mistaken_for_a_handle() -> None:
    record = {"id": 1, "kind": "LoraConfig", "ancestry": ["LoraConfig"], "fields": {}}
    reply = read(payload_of(wire.Returned(number=1, value=[record, [1, "LoraConfig", [], {}]])))
    assert isinstance(reply, wire.Returned)
    assert reply.value == [record, [1, "LoraConfig", [], {}]]


def test_a_frame_over_the_cap_is_refused_by_its_header_alone() -> None:
    with pytest.raises(wire.MalformedError, match="larger than 1 MiB"):
        wire.FrameReader(2**20).feed((2**20 + 1).to_bytes(4, "big"))


def test_bytes_beyond_a_frame_are_refused() -> None:
    with pytest.raises(wire.MalformedError, match="more came"):
        wire.FrameReader(2**20).feed(wire.frame(b"one") + b"t")


@given(st.binary(max_size=200), st.lists(st.integers(1, 50), max_size=20))
def test_a_frame_in_pieces_is_put_together(payload: bytes, cuts: list[int]) -> None:
    reader = wire.FrameReader(2**20)
    rest = wire.frame(payload)
    for cut in cuts:
        piece, rest = rest[:cut], rest[cut:]
        found = reader.feed(piece)
        assert (found == payload) if not rest else (found is None)
        if not rest:
            return
    assert reader.feed(rest) == payload
