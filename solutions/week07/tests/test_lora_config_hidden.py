"""Task 2, the hidden checks: models of seven billion parameters, real training steps, and quantised models."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from week07_lora import (
    DRAWS,
    attach,
    measure_fraction,
    practise,
    require_lora,
    require_same,
    require_training,
)
from week07_models import SHAPES, adapted_parameters, require_shape, trainable_share
from week07_runs import ADAPTER, Run, require_config

from grader.checks import fail, words

LESSON = "README.md#task-2-lora"


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="Llama-2-7B and Mistral-7B: the right layers, r·(in + out) numbers each, under one per cent",
    hint="Both adapt q_proj and v_proj in every block; Mistral's v_proj is narrower, with 8 heads in place of 32.",
    lesson="README.md#how-small-is-it",
    seconds=20,
)
@settings(max_examples=4)
@given(name=st.sampled_from(("llama-2-7b", "mistral-7b")), rank=st.integers(1, 64), draw=DRAWS)
def test_seven_billion_parameters(submission, oracle, name, rank, draw):
    parameters = adapted_parameters(submission, name, rank)
    require_shape(parameters, SHAPES[name].modules(), rank)
    assert trainable_share(parameters) < 0.01
    require_lora(submission, oracle, SHAPES[name].model_type, rank, draw)


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="Phi-3, Gemma and Qwen2 take the adapter too",
    hint="phi3 keeps query, key and value in qkv_proj; gemma and qwen2 are built like llama.",
    lesson="README.md#which-layers",
    seconds=20,
)
@settings(max_examples=6)
@given(name=st.sampled_from(("phi3", "gemma", "qwen2")), draw=DRAWS)
def test_other_families_take_the_adapter(submission, oracle, name, draw):
    require_shape(adapted_parameters(submission, name, 8), SHAPES[name].modules(), 8)
    require_lora(submission, oracle, name, 8, draw)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="Training changes the adapter and leaves the base as it was",
    hint="Every tensor of the base stays the same, bit by bit; the adapter's change.",
    lesson="README.md#how-lora-works",
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16), draw=DRAWS)
def test_only_the_adapter_changes(submission, oracle, rank, draw):
    practice = practise(submission, oracle, attach(submission, oracle, "gpt2", rank, draw))
    changed = practice.claimed["changed"]
    base = [name for name in changed if ".lora_" not in name]
    if base:
        fail(f"{len(base)} tensors of the base model changed in training.", returned=base[:5])
    if not changed:
        fail("Four training steps changed nothing: the adapter does not learn.", returned=changed)
    require_training(practice)


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="The merged model answers as the adapter does",
    hint="Merging adds (alpha / r)·B·A to the weight, transposed in GPT-2's Conv1D layers: fan_in_fan_out says so.",
    lesson="README.md#how-lora-works",
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16), draw=DRAWS)
def test_merging_keeps_the_answer(submission, oracle, rank, draw):
    attached = attach(submission, oracle, "gpt2", rank, draw)
    practice = practise(submission, oracle, attached)
    require_same(submission.merged_logits(attached.model, practice.ids), practice.logits, "After merging")


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="A saved adapter comes back whole",
    hint="Save and load go through the adapter's configuration: what attach_adapter changes by hand is lost there.",
    lesson=LESSON,
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16), draw=DRAWS)
def test_saved_adapter_comes_back(submission, oracle, rank, draw):
    attached = attach(submission, oracle, "gpt2", rank, draw)
    practice = practise(submission, oracle, attached)
    saved = Run(log=None, files=submission.saved_adapter(attached.model), base_changed=False)
    scale = require_config(saved)
    weights = oracle.rename_adapter(saved.files.get(ADAPTER, b""), attached.layers)
    if weights is None:
        fail("What the model saves as its adapter is no plain LoRA.", returned=sorted(saved.files), expected=[ADAPTER])
    reloaded = oracle.adapted_logits(*attached.drawn, weights, scale, practice.ids)
    require_same(reloaded, practice.logits, "Saved and loaded again")


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="A quantised model is prepared first, and then learns",
    hint="For a model in 8 or 4 bits: prepare_model_for_kbit_training, and after it get_peft_model.",
    lesson="README.md#quantisation",
    seconds=60,
)
@settings(max_examples=4)
@given(bits=st.sampled_from((8, 4)), rank=st.integers(1, 8), draw=DRAWS)
def test_quantised_models_are_prepared_first(submission, oracle, bits, rank, draw):
    attached = attach(submission, oracle, "gpt2", rank, draw, bits)
    require_shape(attached.parameters, attached.layers_named("c_attn"), rank)
    half = [
        name
        for name, _, _, dtype in attached.parameters
        if dtype.endswith(("float16", "bfloat16")) and ".lora_" not in name
    ]
    if half:
        message = f"{len(half)} layers, such as {half[0]}, are still in half precision: the model was not prepared."
        fail(message, returned=half[:5], expected=words("float32 in norms and embeddings"))
    practice = practise(submission, oracle, attached, steps=2)
    changed = practice.claimed["changed"]
    if not changed or any(".lora_" not in name for name in changed):
        fail("Training should change the adapter's tensors and no others.", returned=changed[:5])
    require_training(practice)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="The trainable fraction counts packed 4-bit numbers, two to an element",
    hint="A 4-bit weight is stored as bytes that hold two numbers each, so numel() counts half of them.",
    lesson="README.md#how-small-is-it",
    seconds=30,
)
@settings(max_examples=4)
@given(bits=st.sampled_from((4, 8)), rank=st.integers(1, 32), draw=DRAWS)
def test_trainable_fraction_of_a_packed_model(submission, oracle, bits, rank, draw):
    returned, expected = measure_fraction(submission, oracle, rank, draw, bits)
    assert returned == pytest.approx(expected, rel=1e-9)
