"""The census: what a reply would become in memory is known before any of it is made."""

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker import wire
from grader.worker.census import MAX_KEYS, MAX_VALUES, Census, OvercrowdedError
from tests.worker.test_wire import read, values

SHELL = msgspec.msgpack.encode({"type": "Returned", "number": 1, "value": None})[:-1]


def count(value: object) -> int:
    if isinstance(value, list):
        return 1 + sum(map(count, value))
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(count, value.values()))
    return 1


@given(values)
def test_every_value_is_counted_and_keys_too(value: object) -> None:
    census = Census()
    census.take(msgspec.msgpack.encode(value))
    assert census.values == count(value)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_msgpack_are_counted_without_a_complaint(payload: bytes) -> None:
    try:
        Census().take(payload)
    except OvercrowdedError as refusal:
        assert "more than" in str(refusal)  # noqa: PT017 - most bytes raise nothing


@pytest.mark.parametrize("head", [b"\xc7\x03\x05abc", b"\xc8\x00\x03\x05abc", b"\xd4\x05a", b"\xd8\x05" + b"a" * 16])
def test_what_is_in_an_extension_is_no_value_of_its_own(head: bytes) -> None:
    census = Census()
    census.take(b"\x92" + head + b"\x01")
    assert census.values == 3


def listed(items: int, item: bytes) -> bytes:
    return SHELL + b"\xdd" + items.to_bytes(4, "big") + item * items


@pytest.mark.parametrize("item", [b"\x80", b"\x90", b"\xc0"])
def test_more_values_than_any_lab_asks_for_are_refused(item: bytes) -> None:
    with pytest.raises(wire.MalformedError, match="more than 1,000,000 values"):
        read(listed(MAX_VALUES, item))


def test_a_list_that_claims_what_it_does_not_hold_is_refused_by_its_claim() -> None:
    with pytest.raises(wire.MalformedError, match="more than 1,000,000 values"):
        read(SHELL + b"\xdd\xff\xff\xff\xff")


def test_a_dict_of_so_many_keys_that_they_might_collide_is_refused() -> None:
    """Duplicates count: each walks past all the keys that collide with it, minutes for eight megabytes."""
    with pytest.raises(wire.MalformedError, match="more than 4,096 keys"):
        read(SHELL + b"\xdf" + (MAX_KEYS + 1).to_bytes(4, "big") + b"\x00\xc0" * (MAX_KEYS + 1))
    assert isinstance(read(SHELL + msgspec.msgpack.encode(dict.fromkeys(range(MAX_KEYS)))), wire.Returned)


def handle(fields: object) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.Ext(1, msgspec.msgpack.encode([1, "A", ["A"], fields])))


def test_objects_by_the_ten_thousand_are_refused() -> None:
    with pytest.raises(wire.MalformedError, match="more than 10,000 objects"):
        read(listed(wire.MAX_HANDLES + 1, handle({})))


def test_values_in_the_fields_of_objects_count_like_all_others() -> None:
    with pytest.raises(wire.MalformedError, match="more than 1,000,000 values"):
        read(listed(11, handle({"a": [None] * 100_000})))


WORST = """
import resource, sys
from grader.worker import wire
from tests.worker import test_census as t
payloads = [
    t.listed(900_000, b"\\x80"), t.listed(8_000_000, b"\\x80"), t.listed(9_000, t.handle({"a": {}})),
    t.SHELL + b"\\xdb" + (8_000_000 + 4).to_bytes(4, "big") + b"a" * 8_000_000 + "😊".encode(),
    t.listed(60, b"\\xdd\\x00\\xff\\xff\\xff"), t.SHELL + b"\\xdd\\x00\\x0e\\xff\\xff" * 1000,
]
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 200 * 2**20,) * 2)
for payload in payloads:
    try:
        t.read(payload)
    except wire.MalformedError:
        pass
"""


def test_no_reply_within_the_cap_takes_more_than_200_mib() -> None:
    done = subprocess.run([sys.executable, "-c", WORST], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
