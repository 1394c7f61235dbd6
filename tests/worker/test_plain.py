"""The conversion to plain data: exactly seven types cross, and everything else stays behind."""

import copy
from collections import OrderedDict, UserDict, namedtuple
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker import plain

Pair = namedtuple("Pair", "input output")


class Level(StrEnum):
    HIGH = "high"


class Number(Enum):
    ONE = 1


class Own(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class Loud(str):
    def __str__(self) -> str:
        return "something else"


def lowered(value: object) -> object:
    return plain.lower(value, lambda kept: f"<{type(kept).__name__}>")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (Pair("a", "b"), ["a", "b"]),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict({"a": (1,)}), {"a": [1]}),
        (Own(), {"a": 1}),
        (Level.HIGH, "high"),
        (Number.ONE, 1),
        (Loud("text"), "text"),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        ({np.int64(1): 1}, {1: 1}),
        ({1, 2}, "<set>"),
        (np.zeros(2), "<ndarray>"),
        (bytearray(b"a"), "<bytearray>"),
        (2**64, "<int>"),
        (-(2**63) - 1, "<int>"),
        ("\ud800", "<str>"),
        ({(1, 2): 3}, "<dict>"),
        (object, "<type>"),
        (iter([1]), "<list_iterator>"),
        ([1, object()], [1, "<object>"]),
    ],
)
def test_values_cross_as_the_plainest_type(value: object, expected: object) -> None:
    result = lowered(value)
    assert result == expected
    assert type(result) is type(expected)


@given(st.recursive(st.none() | st.floats() | st.text() | st.binary(), st.lists, max_leaves=20))
def test_what_is_lowered_is_plain(value: object) -> None:
    plain.check(lowered(value))


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(plain.NotPlainError, match="nested"):
        lowered(endless)


def test_a_handle_shows_its_fields_as_attributes_and_no_others() -> None:
    handle = plain.Handle(1, "LoraConfig", ["LoraConfig", "object"], {"r": 8})
    assert handle.r == 8
    assert repr(handle) == "<LoraConfig>"
    with pytest.raises(AttributeError, match="LoraConfig has no field 'alpha'"):
        handle.alpha  # noqa: B018


def test_no_field_poses_as_one_of_pythons_protocols() -> None:
    array = {"shape": [2], "typestr": "|u1", "data": b"ab", "version": 3}
    handle = plain.Handle(1, "Model", ["Model"], {"__array_interface__": array, "__deepcopy__": "x", "r": 8})
    assert np.asarray(handle, dtype=object).shape == ()
    assert copy.deepcopy(handle).r == 8
