"""Each wrong `lora_config.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import Mistake, grade_mistakes, require_found

_ATTACH = "    return get_peft_model(model, config)"
_FROZEN = "parameter.requires_grad) / total"


def _wrong(name: str, old: str, new: str, check: str, says: str) -> Mistake:
    return Mistake(name, "lora_config.py", ((old, new),), f"lora_config.{check}", says)


MISTAKES = [
    _wrong("q_proj in gpt2", '"gpt2": ["c_attn"]', '"gpt2": ["q_proj"]', "target_modules_fit_the_model", "c_attn"),
    _wrong(
        "the first letters decide",
        "    if model_type not in ATTENTION_LAYERS:",
        "    model_type = next((name for name in ATTENTION_LAYERS if model_type.startswith(name)), model_type)\n"
        "    if model_type not in ATTENTION_LAYERS:",
        "unknown_model_types_are_refused",
        "none was raised",
    ),
    _wrong(
        "KeyError for an unknown type",
        "    if model_type not in ATTENTION_LAYERS:",
        "    if not ATTENTION_LAYERS[model_type]:",
        "unknown_model_types_are_refused",
        "another exception",
    ),
    _wrong(
        "alpha equal to the rank",
        "lora_alpha=2 * rank",
        "lora_alpha=rank",
        "lora_config_follows_the_defaults",
        "lora_alpha is",
    ),
    _wrong("biases trained", 'bias="none"', 'bias="all"', "lora_config_follows_the_defaults", "bias is 'all'"),
    _wrong(
        "fan_in_fan_out everywhere",
        'fan_in_fan_out=model_type == "gpt2"',
        "fan_in_fan_out=True",
        "lora_config_follows_the_defaults",
        "fan_in_fan_out is True",
    ),
    _wrong("rank ignored", "r=rank,", "r=8,", "lora_config_follows_the_defaults", "r is 8"),
    _wrong(
        "no target modules",
        "        target_modules=target_modules_for(model_type),\n",
        "",
        "lora_config_follows_the_defaults",
        "Without target_modules",
    ),
    _wrong("another default", "rank: int = 8", "rank: int = 16", "defaults_are_the_lessons", "rank=8"),
    _wrong(
        "rank 0 accepted", "rank < 1", "rank < 0", "rank_and_dropout_out_of_range_are_refused", "Expected a ValueError"
    ),
    _wrong(
        "dropout 1 accepted",
        "0 <= dropout < 1",
        "0 <= dropout <= 1",
        "rank_and_dropout_out_of_range_are_refused",
        "Expected a ValueError",
    ),
    _wrong(
        "fp4 in place of nf4",
        '"nf4", ',
        '"fp4", ',
        "quantization_is_8_bits_4_bits_or_none",
        "bnb_4bit_quant_type is 'fp4'",
    ),
    _wrong(
        "scales not quantised",
        ", bnb_4bit_use_double_quant=True",
        "",
        "quantization_is_8_bits_4_bits_or_none",
        "bnb_4bit_use_double_quant is False",
    ),
    _wrong(
        "16 bits accepted",
        "    if bits is None:",
        "    if bits not in (8, 4):",
        "quantization_is_8_bits_4_bits_or_none",
        "none was raised",
    ),
    _wrong("no adapter", _ATTACH, "    return model", "gpt2_learns_under_one_per_cent", "should return a PeftModel"),
    _wrong(
        "too many layers",
        "target_modules=target_modules_for(model_type)",
        'target_modules=["c_attn", "c_proj"]',
        "gpt2_learns_under_one_per_cent",
        "24 layers too many",
    ),
    _wrong(
        "DoRA",
        'bias="none"',
        'bias="none", use_dora=True',
        "gpt2_learns_under_one_per_cent",
        "number of trainable parameters",
    ),
    _wrong(
        "base not frozen",
        _ATTACH,
        "    model = get_peft_model(model, config)\n"
        "    for parameter in model.parameters():\n"
        "        parameter.requires_grad = parameter.is_floating_point()\n"
        "    return model",
        "gpt2_learns_under_one_per_cent",
        "tensors of the base model are trainable",
    ),
    _wrong(
        "adapter that starts elsewhere",
        'bias="none"',
        'bias="none", init_lora_weights=False',
        "fresh_adapter_changes_nothing",
        "a logit moves",
    ),
    _wrong(
        "only the first blocks",
        'bias="none"',
        'bias="none", layers_to_transform=[0, 1]',
        "seven_billion_parameters",
        "too few are adapted",
    ),
    _wrong(
        "gemma like gpt2",
        '"gemma": ["q_proj", "v_proj"]',
        '"gemma": ["q_proj"]',
        "other_families_take_the_adapter",
        "too few are adapted",
    ),
    _wrong(
        "embeddings trained too",
        'bias="none"',
        'bias="none", modules_to_save=["wpe"]',
        "only_the_adapter_changes",
        "base model changed",
    ),
    _wrong(
        "not prepared",
        "        model = prepare_model_for_kbit_training(model)",
        "        pass",
        "quantised_models_are_prepared_first",
        "not prepared",
    ),
    _wrong(
        "prepared too late",
        _ATTACH,
        "    return prepare_model_for_kbit_training(get_peft_model(model, config))",
        "quantised_models_are_prepared_first",
        "never after",
    ),
    _wrong(
        "adapter left out of the total",
        _FROZEN,
        "parameter.requires_grad) / sum(\n"
        "        _count(parameter) for parameter in model.parameters() if not parameter.requires_grad\n    )",
        "trainable_fraction_of_a_dense_model",
        "left out of the total",
    ),
    _wrong(
        "a percentage",
        _FROZEN,
        "parameter.requires_grad) / total * 100",
        "trainable_fraction_of_a_dense_model",
        "percentage",
    ),
    _wrong(
        "packed elements counted once",
        " * (2 if isinstance(parameter, Params4bit) else 1)",
        "",
        "trainable_fraction_of_a_packed_model",
        "two numbers each",
    ),
    _wrong(
        "bytes counted twice",
        "isinstance(parameter, Params4bit)",
        "not parameter.is_floating_point()",
        "trainable_fraction_of_a_packed_model",
        "two numbers each",
    ),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes(MISTAKES, tmp_path_factory.mktemp("lora"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_lora_module_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    require_found(mistake, verdicts[mistake.name])
