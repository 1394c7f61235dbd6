"""Thousands of adapters that lie: each is refused in a sentence, or is what an adapter must be."""

import json
import struct
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.training.adapter import (
    MAX_ENTRY,
    MAX_HEADER_BYTES,
    MAX_RANK,
    AdapterDiverged,
    AdapterRefused,
    read_adapter,
)
from tests.training.conftest import LAYERS, config_bytes, lora_tensors, pack

FIRST_B = "base_model.model.h.0.c_attn.lora_B.weight"
TARGET = "base_model.model.h.{}.c_attn.lora_{}.weight"
RIGHT = {TARGET.format(block, side): ((2, 8) if side == "A" else (24, 2)) for block in (0, 1) for side in "AB"}
WIDTHS = {"F32": 4, "F16": 2, "BF16": 2}
DTYPES = ["F32", "F16", "BF16", "F64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "C64", "BOOL", "U8", "I64", "x", "", None]
NAMES = ["__metadata__", "lm_head.weight", TARGET.format(9, "A"), TARGET.format(0, "C"), TARGET.format("0.x", "A")]
NAMES += [TARGET.format(0, "A").replace(".weight", ending) for ending in (".default.weight", ".bias", ".weight.", "")]
RESHAPED = [[8, 2], [16], [1, 16], [2, 8, 1], [2, 24], [1, 48], [48]]  # as many numbers as the right shapes have

fuzzed = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
numbers = st.sampled_from([0, 1, 2, 8, 24, 255, 257, 50_000_000, 2**31, 2**63, -1, 1.5, "2", None])
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def read_hostile(config: bytes, tensors: bytes) -> bool:
    """Read two files; return whether an adapter came out, which is all that the judge relies on."""
    try:
        adapter = read_adapter(config, tensors, LAYERS)
    except AdapterRefused as refusal:
        sentence = str(refusal)
        assert len(sentence) < 700
        assert sentence.endswith(".")
        return False
    assert adapter.a.keys() == adapter.b.keys() <= LAYERS.keys()
    assert 1 <= adapter.rank <= MAX_RANK
    for name, layer in LAYERS.items():
        if name in adapter.a:
            assert adapter.a[name].shape == (adapter.rank, layer.inputs)
            assert adapter.b[name].shape == (layer.outputs, adapter.rank)
            for matrix in (adapter.a[name], adapter.b[name]):
                assert matrix.dtype == torch.float32
                assert float(matrix.abs().max()) <= MAX_ENTRY  # false for NaN
    return True


Entry = tuple[str, dict[str, Any]]


@st.composite
def entries(draw: st.DrawFn) -> tuple[list[Entry], int]:
    """Right entries of one dtype, laid out one after the other; and how many bytes they take."""
    dtype = draw(st.sampled_from(sorted(WIDTHS)))
    laid: list[Entry] = []
    end = 0
    for name, shape in RIGHT.items():
        start, end = end, end + shape[0] * shape[1] * WIDTHS[dtype]
        laid.append((name, {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}))
    return laid, end


def _lied(draw: st.DrawFn, lie: str, name: str, entry: dict[str, Any], end: int) -> list[Entry]:
    match lie:
        case "dtype":
            entry = entry | {"dtype": draw(st.sampled_from(DTYPES))}
        case "shape":
            entry = entry | {"shape": draw(st.lists(numbers, max_size=3) | junk)}
        case "offsets":
            entry = entry | {"data_offsets": draw(st.lists(numbers | st.integers(0, end), max_size=3) | junk)}
        case "reshape":
            entry = entry | {
                "shape": draw(st.sampled_from([[8, 2], [16], [1, 16], [2, 8, 1], [2, 24], [1, 48], [24, 2]]))
            }
        case "empty":
            entry = entry | {"shape": [0, 8], "data_offsets": [end, end]}
        case "name":
            name = draw(st.sampled_from([*NAMES, *RIGHT]) | st.text(max_size=9))
        case "junk":
            entry = {"dtype": draw(junk), draw(st.text(max_size=5)): draw(junk)}
    return [] if lie == "drop" else [(name, entry)]


@st.composite
def tensor_files(draw: st.DrawFn) -> bytes:
    """A safetensors file with up to three lies in its header."""
    laid, end = draw(entries())
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
        place = draw(st.integers(0, len(laid) - 1))
        lie = draw(st.sampled_from(["dtype", "shape", "offsets", "empty", "reshape", "name", "junk", "drop", "twice"]))
        laid[place : place + (lie != "twice")] = _lied(draw, lie, *laid[place], end)
    written = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(entry)}" for name, entry in laid) + "}"
    header = draw(
        st.sampled_from([written, written + " " * 40, written[:-3], "[" * 5000, written + "}", "\x00"])
    ).encode()
    lies = [len(header) - 1, len(header) + 1, 2**63, MAX_HEADER_BYTES + 1]
    length = draw(st.sampled_from([len(header)] * 20 + lies))
    body = draw(st.sampled_from([b"\x00", b"\x3c", b"\x7f", b"\xff", b"\x00\x7c", b"\x80\x7f"])) * (end + 8)
    kept = draw(st.sampled_from([end] * 20 + [0, end - 1, end + 1]))
    return struct.pack("<Q", length) + header + body[:kept]


@fuzzed
@given(tensor_files())
def test_a_header_that_lies_gives_a_right_adapter_or_a_refusal(tensors: bytes) -> None:
    read_hostile(config_bytes(), tensors)


KNOWN = ["peft_type", "bias", "lora_alpha", "use_rslora", "init_lora_weights", "alpha_pattern", "use_dora", "r", "x"]


@st.composite
def config_files(draw: st.DrawFn) -> bytes:
    """A configuration with fields of any type, twice or nested, and bytes that are no JSON."""
    pairs = [("lora_alpha", 4), *draw(st.lists(st.tuples(st.sampled_from(KNOWN), junk | numbers), max_size=4))]
    text = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}"
    damage = draw(st.sampled_from(["", "", "", "cut", "nested", "bytes", "quoted"]))
    if damage == "cut":
        return text[: draw(st.integers(0, len(text)))].encode()
    if damage == "nested":
        return b'{"lora_alpha":4,"x":' + b"[" * 100_000
    if damage == "quoted":
        return b'{"lora_alpha":4,"bias":"' + b"\\u001b[31m" * 5_000 + b'"}'
    return text.encode() + (draw(st.binary(max_size=4)) if damage == "bytes" else b"")


@fuzzed
@given(config_files())
def test_any_configuration_gives_a_right_adapter_or_a_refusal(config: bytes) -> None:
    read_hostile(config, pack(lora_tensors()))


def test_the_honest_form_of_what_is_fuzzed_is_an_adapter() -> None:
    assert read_hostile(config_bytes(), pack(lora_tensors()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_one_number_that_is_not_finite_is_found_in_every_float_type(dtype: torch.dtype, value: float) -> None:
    tensors = {name: tensor.to(dtype) for name, tensor in lora_tensors().items()}
    tensors[FIRST_B][23, 1] = value
    with pytest.raises(AdapterDiverged, match="NaN or infinite"):
        read_adapter(config_bytes(), pack(tensors), LAYERS)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64, torch.bool])
def test_other_types_of_numbers_are_refused(dtype: torch.dtype) -> None:
    tensors = lora_tensors()
    tensors[FIRST_B] = torch.zeros(24, 2, dtype=dtype)
    with pytest.raises(AdapterRefused, match="floats of 16 or 32 bits"):
        read_adapter(config_bytes(), pack(tensors), LAYERS)


def test_a_finite_number_that_the_scaling_makes_infinite_is_found() -> None:
    tensors = lora_tensors(rank=1)
    tensors[FIRST_B][0, 0] = 3e38
    with pytest.raises(AdapterDiverged):
        read_adapter(config_bytes(lora_alpha=64), pack(tensors), LAYERS)


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_numbers_so_large_that_their_products_overflow_are_refused(name: str) -> None:
    tensors = lora_tensors()
    tensors[name][0, 0] = -1e30
    with pytest.raises(AdapterDiverged, match="beyond 10,000"):
        read_adapter(config_bytes(), pack(tensors), LAYERS)


def test_a_refusal_quotes_little_of_the_file_and_none_of_its_control_characters() -> None:
    with pytest.raises(AdapterRefused) as caught:
        read_adapter(config_bytes(bias="\x1b[31m" * 20_000), pack(lora_tensors()), LAYERS)
    assert len(str(caught.value)) < 500
    assert "\x1b" not in str(caught.value)
