"""Task 2, the hidden checks: models of seven billion parameters, real training steps, and quantised models."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from week07_models import TINY, adapted, count_numbers, largest_gap, require_shape, trainable_modules

from grader.checks import fail

LESSON = "README.md#task-2-lora"
IDS = [10, 20, 30, 40, 50, 60]
BATCH = {"input_ids": [IDS], "attention_mask": [[1] * len(IDS)], "labels": [IDS]}


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="Llama-2-7B and Mistral-7B: the right layers, r·(in + out) numbers each, under one per cent",
    hint="Both adapt q_proj and v_proj in every block; Mistral's v_proj is narrower, with 8 heads in place of 32.",
    lesson="README.md#how-small-is-it",
    seconds=20,
)
@settings(max_examples=4)
@given(name=st.sampled_from(("llama-2-7b", "mistral-7b")), rank=st.integers(1, 64))
def test_seven_billion_parameters(submission, name, rank):
    parameters = submission.parameters(adapted(submission, name, rank))
    require_shape(parameters, name, rank)
    trainable, total = count_numbers(parameters)
    assert trainable / total < 0.01


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="Phi-3, Gemma and Qwen2 take the adapter too",
    hint="phi3 keeps query, key and value in qkv_proj; gemma and qwen2 are built like llama.",
    lesson="README.md#which-layers",
    seconds=20,
)
@settings(max_examples=6)
@given(name=st.sampled_from(("phi3", "gemma", "qwen2")))
def test_other_families_take_the_adapter(submission, name):
    parameters = submission.parameters(adapted(submission, name, 8))
    require_shape(parameters, name, 8)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="Training changes the adapter and leaves the base as it was",
    hint="Every tensor of the base stays the same, bit by bit; the adapter's change.",
    lesson="README.md#how-lora-works",
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16))
def test_only_the_adapter_changes(submission, rank):
    tuned = adapted(submission, TINY, rank)
    changed = submission.train_steps(tuned, [BATCH] * 4, 1e-3)["changed"]
    base = [name for name in changed if ".lora_" not in name]
    if base:
        fail(f"{len(base)} tensors of the base model changed in training.", returned=base[:5])
    if not changed:
        fail("Four training steps changed nothing: the adapter does not learn.", returned=changed)


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="The merged model answers as the adapter does",
    hint="Merging adds (alpha / r)·B·A to the weight, transposed in GPT-2's Conv1D layers: fan_in_fan_out says so.",
    lesson="README.md#how-lora-works",
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16))
def test_merging_keeps_the_answer(submission, rank):
    tuned = adapted(submission, TINY, rank)
    submission.train_steps(tuned, [BATCH] * 4, 1e-3)
    _require_same(submission.merged_logits(tuned, IDS), submission.logits(tuned, IDS), "After merging")


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="A saved adapter comes back whole",
    hint="Save and load go through the adapter's configuration: what attach_adapter changes by hand is lost there.",
    lesson=LESSON,
    seconds=20,
)
@settings(max_examples=3)
@given(rank=st.integers(1, 16))
def test_saved_adapter_comes_back(submission, rank):
    tuned = adapted(submission, TINY, rank)
    submission.train_steps(tuned, [BATCH] * 4, 1e-3)
    reloaded = submission.reloaded_logits(tuned, submission.model_path, IDS)
    _require_same(reloaded, submission.logits(tuned, IDS), "Saved and loaded again")


def _require_same(returned: list[list[float]], expected: list[list[float]], when: str) -> None:
    gap = largest_gap(returned, expected)
    # float32 sums in another order differ by about 1e-5 here; four steps of training move the logits by more than 0.1.
    if gap > 5e-3:
        fail(f"{when}, a logit differs by {gap:.3g} from the adapter's.")


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="A quantised model is prepared first, and then learns",
    hint="For a model in 8 or 4 bits: prepare_model_for_kbit_training, and after it get_peft_model.",
    lesson="README.md#quantisation",
    seconds=60,
)
@settings(max_examples=4)
@given(bits=st.sampled_from((8, 4)), rank=st.integers(1, 8))
def test_quantised_models_are_prepared_first(submission, bits, rank):
    tuned = adapted(submission, TINY, rank, bits)
    parameters = submission.parameters(tuned)
    require_shape(parameters, TINY, rank)
    half = [
        name for name, _, _, dtype in parameters if dtype.endswith(("float16", "bfloat16")) and ".lora_" not in name
    ]
    if half:
        message = f"{len(half)} layers, such as {half[0]}, are still in half precision: the model was not prepared."
        fail(message, returned=half[:5], expected="float32 in norms and embeddings")
    changed = submission.train_steps(tuned, [BATCH] * 2, 1e-3)["changed"]
    if not changed or any(".lora_" not in name for name in changed):
        fail("Training should change the adapter's tensors and no others.", returned=changed[:5])


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="The trainable fraction counts packed 4-bit numbers, two to an element",
    hint="A 4-bit weight is stored as bytes that hold two numbers each, so numel() counts half of them.",
    lesson="README.md#how-small-is-it",
    seconds=30,
)
@settings(max_examples=4)
@given(bits=st.sampled_from((4, 8)), rank=st.integers(1, 32))
def test_trainable_fraction_of_a_packed_model(submission, bits, rank):
    tuned = adapted(submission, TINY, rank, bits)
    parameters = submission.parameters(tuned)
    trainable_modules(parameters)
    trainable, total = count_numbers(parameters)
    returned = submission.lora_config.trainable_fraction(tuned)
    assert returned == pytest.approx(trainable / total, rel=1e-9)
