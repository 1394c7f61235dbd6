"""The adapter as hostile input: what a submission would try, and what each attempt gets."""

import json
import struct
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.training.adapter import AdapterDiverged, AdapterRefused, read_adapter
from tests.training.conftest import LAYERS, config_bytes, lora_tensors, pack

FIRST_A = "base_model.model.h.0.c_attn.lora_A.weight"
FIRST_B = "base_model.model.h.0.c_attn.lora_B.weight"


def test_an_honest_adapter_is_read_with_its_scaling_multiplied_in() -> None:
    adapter = read_adapter(config_bytes(), pack(lora_tensors(rank=2, fill=0.1)), LAYERS)
    assert adapter.rank == 2
    assert set(adapter.a) == set(LAYERS)
    assert torch.allclose(adapter.b["h.0.c_attn"], torch.full((24, 2), 0.2))
    assert adapter.moved == pytest.approx(0.1)


def test_names_with_the_adapters_own_name_in_them_are_read_too() -> None:
    renamed = {name.replace(".weight", ".default.weight"): tensor for name, tensor in lora_tensors().items()}
    assert set(read_adapter(config_bytes(), pack(renamed), LAYERS).a) == set(LAYERS)


def test_layers_of_different_ranks_are_padded_without_changing_any_product() -> None:
    tensors = lora_tensors(rank=2)
    tensors[FIRST_A], tensors[FIRST_B] = torch.ones(5, 8), torch.ones(24, 5)
    adapter = read_adapter(config_bytes(lora_alpha=10), pack(tensors), LAYERS)
    assert adapter.rank == 5
    product = adapter.b["h.1.c_attn"] @ adapter.a["h.1.c_attn"]
    assert torch.allclose(product, torch.full((24, 8), 5.0 * 2 * 0.1 * 0.1))


def test_rank_stabilised_scaling_divides_by_the_root_of_the_rank() -> None:
    adapter = read_adapter(config_bytes(use_rslora=True), pack(lora_tensors(rank=4, fill=0.5)), LAYERS)
    assert torch.allclose(adapter.b["h.0.c_attn"], torch.full((24, 4), 0.5 * 4 / 2))


def test_a_pattern_of_alphas_applies_to_the_layers_that_it_names() -> None:
    adapter = read_adapter(config_bytes(alpha_pattern={"h.1.c_attn": 2}), pack(lora_tensors(fill=1.0)), LAYERS)
    assert adapter.b["h.0.c_attn"][0, 0] == 2.0
    assert adapter.b["h.1.c_attn"][0, 0] == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.lm_head.weight",
        "lm_head.weight",
        "base_model.model.transformer.wte.weight",
        "base_model.model.h.0.c_attn.modules_to_save.weight",
        "base_model.model.h.0.c_attn.lora_magnitude_vector.weight",
        "base_model.model.h.0.c_attn.base_layer.weight",
        "base_model.model.h.0.c_attn.lora_B.bias",
        "base_model.model.h.0.c_attn.lora_embedding_A",
        "base_model.model.h.0.ln_1.lora_A.weight",
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.h.9.c_attn.lora_A.weight",
        "base_model.model.h.0.c_attn.lora_A.evil.weight",
        "base_model.model.../../etc/passwd.lora_A.weight",
        "base_model.model.h.0.c_attn.lora_A.weight\n",
        "",
    ],
)
def test_a_tensor_that_is_no_lora_matrix_of_the_base_is_refused(name: str) -> None:
    with pytest.raises(AdapterRefused):
        read_adapter(config_bytes(), pack({**lora_tensors(), name: torch.zeros(2, 8)}), LAYERS)


@pytest.mark.parametrize("shape", [(2, 9), (8, 2), (0, 8), (257, 8), (2, 8, 1), (16,)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AdapterRefused, match=r"has shape"):
        read_adapter(config_bytes(), pack({**lora_tensors(), FIRST_A: torch.zeros(shape)}), LAYERS)


def test_a_layer_with_one_matrix_is_refused() -> None:
    tensors = lora_tensors()
    del tensors[FIRST_B]
    with pytest.raises(AdapterRefused, match="lacks a matrix"):
        read_adapter(config_bytes(), pack(tensors), LAYERS)


def test_matrices_of_two_ranks_in_one_layer_are_refused() -> None:
    with pytest.raises(AdapterRefused, match="differ in rank"):
        read_adapter(config_bytes(), pack({**lora_tensors(rank=2), FIRST_B: torch.zeros(24, 3)}), LAYERS)


def test_the_same_matrix_under_two_names_is_refused() -> None:
    twice = {**lora_tensors(), FIRST_A.replace(".weight", ".default.weight"): torch.zeros(2, 8)}
    with pytest.raises(AdapterRefused):
        read_adapter(config_bytes(), pack(twice), LAYERS)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_single_number_that_is_not_finite_is_refused(value: float) -> None:
    tensors = lora_tensors()
    tensors[FIRST_B][3, 1] = value
    with pytest.raises(AdapterDiverged, match="diverged"):
        read_adapter(config_bytes(), pack(tensors), LAYERS)


def test_integers_are_refused() -> None:
    with pytest.raises(AdapterRefused, match="I64"):
        read_adapter(config_bytes(), pack({**lora_tensors(), FIRST_A: torch.zeros(2, 8, dtype=torch.int64)}), LAYERS)


def test_a_file_without_tensors_is_refused() -> None:
    with pytest.raises(AdapterRefused, match="no tensors"):
        read_adapter(config_bytes(), pack({}), LAYERS)


def test_a_pickle_is_refused_and_not_opened() -> None:
    with pytest.raises(AdapterRefused, match="damaged"):
        read_adapter(config_bytes(), b"\x80\x04\x95" + b"\x00" * 64, LAYERS)


def test_a_header_of_gigabytes_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(AdapterRefused, match="damaged"):
        read_adapter(config_bytes(), struct.pack("<Q", 2**62) + b"{" * 100, LAYERS)


def test_a_rank_of_fifty_million_in_the_header_allocates_nothing() -> None:
    header = json.dumps(
        {FIRST_A: {"dtype": "F32", "shape": [50_000_000, 8], "data_offsets": [0, 1_600_000_000]}}
    ).encode()
    with pytest.raises(AdapterRefused):
        read_adapter(config_bytes(), struct.pack("<Q", len(header)) + header, LAYERS)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"peft_type": "IA3"}, "LoRA"),
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "bias"),
        ({"layer_replication": [[0, 2]]}, "layer_replication"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"init_lora_weights": "pissa_niter_4"}, "init_lora_weights"),
        ({"lora_alpha": 1e9}, "lora_alpha"),
        ({"lora_alpha": 0}, "lora_alpha"),
        ({"lora_alpha": -4}, "lora_alpha"),
        ({"lora_alpha": "4"}, "lora_alpha"),
        ({"lora_alpha": None}, "lora_alpha"),
        ({"alpha_pattern": {"(a+)+$": 4}}, "alpha_pattern"),
        ({"alpha_pattern": "x"}, "alpha_pattern"),
    ],
)
def test_a_configuration_beyond_plain_lora_is_refused_by_name(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(AdapterRefused, match=word):
        read_adapter(config_bytes(**changes), pack(lora_tensors()), LAYERS)


def test_where_the_configuration_points_is_never_read() -> None:
    hostile = config_bytes(
        base_model_name_or_path="/etc/passwd",
        auto_mapping={"parent_library": "os", "base_model_class": "system"},
        target_modules=".*",
        r=50_000_000,
        rank_pattern={"(a+)+$": 10**12},
        revision="../..",
    )
    assert read_adapter(hostile, pack(lora_tensors()), LAYERS).rank == 2


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b" " * 300_000])
def test_a_damaged_configuration_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(AdapterRefused, match=r"adapter_config\.json"):
        read_adapter(data, pack(lora_tensors()), LAYERS)


@given(st.data())
def test_no_damage_to_the_bytes_gets_past_as_anything_but_an_adapter_or_a_refusal(data: st.DataObject) -> None:
    whole = bytearray(pack(lora_tensors()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        adapter = read_adapter(config_bytes(), bytes(whole[:cut]), LAYERS)
    except AdapterRefused:
        return
    assert set(adapter.a) <= set(LAYERS)
    assert all(torch.isfinite(matrix).all() for matrix in [*adapter.a.values(), *adapter.b.values()])


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(config: bytes, tensors: bytes) -> None:
    with pytest.raises(AdapterRefused):
        read_adapter(config, tensors, LAYERS)
