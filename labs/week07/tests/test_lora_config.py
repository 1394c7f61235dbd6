"""Task 2, the checks that students have: the configuration, and the adapter on GPT-2 at full size and tiny."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from week07_lora import DRAWS, attach, close, draw_ids, measure_fraction, require_lora
from week07_models import SHAPES, adapted_parameters, require_shape, trainable_share
from week07_strategies import WORDS

from grader.checks import Handle, fail

LESSON = "README.md#task-2-lora"
TARGETS = {
    "gpt2": ["c_attn"],
    "llama": ["q_proj", "v_proj"],
    "mistral": ["q_proj", "v_proj"],
    "qwen2": ["q_proj", "v_proj"],
    "gemma": ["q_proj", "v_proj"],
    "phi3": ["qkv_proj"],
}


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="The adapted layers of six families of models",
    hint="GPT-2 keeps query, key and value in one layer, c_attn; phi3 in qkv_proj; the rest have q_proj and v_proj.",
    lesson="README.md#which-layers",
)
@given(model_type=st.sampled_from(sorted(TARGETS)))
def test_target_modules_fit_the_model(submission, model_type):
    assert submission.lora_config.target_modules_for(model_type) == TARGETS[model_type]


@pytest.mark.check(
    task="lora_config",
    points=0.5,
    title="An unknown type of model is refused",
    hint="Raise ValueError: a guess would fail later, with a message about layers that nobody asked for.",
    lesson="README.md#which-layers",
)
@given(model_type=st.sampled_from(("bert", "gpt", "gpt2-medium", "llama2", "t5", "")) | st.sampled_from(WORDS))
def test_unknown_model_types_are_refused(submission, model_type):
    # Names that begin like a known one catch startswith() and `in`.
    require_value_error(submission.lora_config.target_modules_for, model_type)
    require_no_value_error(submission.lora_config.target_modules_for, "gpt2")


def require_value_error(call, *args, **kwargs) -> None:
    """Fail the check unless the call raises ValueError."""
    try:
        returned = call(*args, **kwargs)
    except ValueError:
        return
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        kind = type(error).__name__
        fail(f"Expected a ValueError, and another exception came: {kind}: {error}.")
    fail("Expected a ValueError, and none was raised.", returned=returned)


def require_no_value_error(call, *args, **kwargs) -> None:
    """Fail the check where the call raises ValueError: to refuse everything is no answer to what is wrong."""
    try:
        call(*args, **kwargs)
    except ValueError as error:
        fail(f"What is right is refused too, with the ValueError: {error}")


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="The LoRA configuration follows the lesson's defaults",
    hint="Alpha is twice the rank, bias is none, the task is CAUSAL_LM, and fan_in_fan_out is for gpt2 only.",
    lesson=LESSON,
)
@given(
    model_type=st.sampled_from(sorted(TARGETS)), rank=st.integers(1, 64), dropout=st.sampled_from((0, 0.05, 0.1, 0.5))
)
def test_lora_config_follows_the_defaults(submission, model_type, rank, dropout):
    config = submission.lora_config.make_lora_config(model_type, rank=rank, dropout=dropout)
    if not isinstance(config, Handle) or "LoraConfig" not in config.ancestry:
        fail("make_lora_config should return a peft.LoraConfig.", returned=config)
    expected = {
        "r": rank,
        "lora_alpha": 2 * rank,
        "lora_dropout": dropout,
        "bias": "none",
        "task_type": "CAUSAL_LM",
        "fan_in_fan_out": model_type == "gpt2",
    }
    returned = {name: config.fields.get(name) for name in expected}
    for name, value in expected.items():
        if returned[name] != value:
            fail(f"{name} is {returned[name]!r}; here it should be {value!r}.", returned=returned, expected=expected)
    modules = config.fields.get("target_modules")
    # A pattern (one string) is another way to say it; whether it finds the right layers, the models below will show.
    if not isinstance(modules, str) and sorted(modules or []) != TARGETS[model_type]:
        hint = "Without target_modules PEFT takes its own defaults, which change with its version: name them."
        fail("target_modules are not those of the model.", returned=modules, expected=TARGETS[model_type], hint=hint)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="The defaults are rank 8 and dropout 0.05",
    hint="rank=8, dropout=0.05 in the function's signature, and alpha computed from the rank: 16.",
    lesson=LESSON,
)
@given(model_type=st.sampled_from(sorted(TARGETS)))
def test_defaults_are_the_lessons(submission, model_type):
    config = submission.lora_config.make_lora_config(model_type)
    returned = {name: getattr(config, name) for name in ("r", "lora_alpha", "lora_dropout")}
    assert returned == {"r": 8, "lora_alpha": 16, "lora_dropout": 0.05}


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="A rank or dropout out of range is refused",
    hint="Rank is at least 1; dropout is at least 0 and below 1, for at 1 nothing of the input is left.",
    lesson=LESSON,
)
@given(
    case=st.tuples(st.integers(-8, 0), st.just(0.05))
    | st.tuples(st.just(8), st.sampled_from((-0.5, -1e-9, 1.0, 1.5, 5.0)))
)
def test_rank_and_dropout_out_of_range_are_refused(submission, case):
    # Rank 0 and dropout 1.0 stand on the limits: they catch < in place of <=.
    rank, dropout = case
    require_value_error(submission.lora_config.make_lora_config, "gpt2", rank=rank, dropout=dropout)
    require_no_value_error(submission.lora_config.make_lora_config, "gpt2", rank=1, dropout=0.0)


@pytest.mark.check(
    task="lora_config",
    points=1.5,
    title="Quantisation in 8 bits, in 4 bits, or not at all",
    hint="BitsAndBytesConfig: load_in_8bit, or load_in_4bit with nf4 and double quantisation; None for None.",
    lesson="README.md#quantisation",
)
@given(bits=st.sampled_from((8, 4, None, 0, 1, 2, 3, 5, 6, 7, 16, 32, -8, -4)))
def test_quantization_is_8_bits_4_bits_or_none(submission, bits):
    if bits not in (8, 4, None):
        require_value_error(submission.lora_config.make_quantization_config, bits)
        return
    config = submission.lora_config.make_quantization_config(bits)
    if bits is None:
        assert config is None
        return
    if not isinstance(config, Handle) or "BitsAndBytesConfig" not in config.ancestry:
        fail("make_quantization_config should return a transformers.BitsAndBytesConfig.", returned=config)
    expected = {"load_in_8bit": bits == 8, "load_in_4bit": bits == 4}
    if bits == 4:
        expected |= {"bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}
    returned = {name: config.fields.get(name) for name in expected}
    for name, value in expected.items():
        if returned[name] != value:
            fail(f"{name} is {returned[name]!r}; here it should be {value!r}.", returned=returned, expected=expected)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="Full-size GPT-2: the right layers, r·(in + out) numbers each, under one per cent",
    hint="get_peft_model freezes the base and adds two small matrices to each target layer.",
    lesson="README.md#how-small-is-it",
)
@settings(max_examples=4)
@given(rank=st.integers(1, 32), draw=DRAWS)
def test_gpt2_learns_under_one_per_cent(submission, oracle, rank, draw):
    parameters = adapted_parameters(submission, "gpt2", rank)
    require_shape(parameters, SHAPES["gpt2"].modules(), rank)
    assert trainable_share(parameters) < 0.01
    require_lora(submission, oracle, "gpt2", rank, draw)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="A fresh adapter changes no output",
    hint="LoRA's B matrices start at zero, so the answer is the base model's: keep init_lora_weights at its default.",
    lesson="README.md#how-lora-works",
)
@settings(max_examples=5)
@given(rank=st.integers(1, 16), draw=DRAWS)
def test_fresh_adapter_changes_nothing(submission, oracle, rank, draw):
    attached = attach(submission, oracle, "gpt2", rank, draw)
    ids = draw_ids(attached)
    returned, expected = submission.logits(attached.model, ids), oracle.adapted_logits(*attached.drawn, None, 1.0, ids)
    if not close(returned, expected):
        fail("With a fresh adapter a logit moves, and none should.", returned=returned[-1], expected=expected[-1])
    require_lora(submission, oracle, "gpt2", rank, draw)


@pytest.mark.check(
    task="lora_config",
    points=1,
    title="The trainable fraction counts the adapter in both sums",
    hint="Trainable numbers over all numbers, the adapter's included, as a fraction: 0.01 means one per cent.",
    lesson="README.md#how-small-is-it",
)
@settings(max_examples=5)
@given(rank=st.integers(1, 32), draw=DRAWS)
def test_trainable_fraction_of_a_dense_model(submission, oracle, rank, draw):
    returned, expected = measure_fraction(submission, oracle, rank, draw)
    if returned == pytest.approx(expected / (1 - expected), rel=1e-6):
        fail("The adapter is left out of the total.", returned=returned, expected=expected)
    if returned == pytest.approx(100 * expected, rel=1e-6):
        fail("This is a percentage, not a fraction.", returned=returned, expected=expected)
    assert returned == pytest.approx(expected, rel=1e-9)
