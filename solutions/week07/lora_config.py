"""Task 2: configure LoRA, so that well under one per cent of a model learns and the rest stays as it is.

Goal: the right layers, sensible defaults, and an adapter on a full-precision or a quantised model.
Lesson: README.md, section "Task 2: LoRA". The paper: https://arxiv.org/abs/2106.09685
PEFT: https://huggingface.co/docs/peft · bitsandbytes: https://huggingface.co/docs/bitsandbytes

LoRA leaves a weight W (out x in) alone and learns a low-rank change beside it:

    y = W x + (alpha / r) · B (A x)        A is r x in, drawn at random; B is out x r and starts at zero

That is r·(in + out) new numbers a layer instead of in·out, and at the start the change is exactly nothing.
"""

import torch
from bitsandbytes.nn.modules import Params4bit
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, prepare_model_for_kbit_training
from transformers import BitsAndBytesConfig, PreTrainedModel

ATTENTION_LAYERS = {
    "gpt2": ["c_attn"],
    "llama": ["q_proj", "v_proj"],
    "mistral": ["q_proj", "v_proj"],
    "qwen2": ["q_proj", "v_proj"],
    "gemma": ["q_proj", "v_proj"],
    "phi3": ["qkv_proj"],
}


def target_modules_for(model_type: str) -> list[str]:
    """Name the attention layers that LoRA adapts in one family of models.

    Args:
        model_type: `model.config.model_type`: gpt2, llama, mistral, qwen2, gemma or phi3.

    Returns:
        The layers' names: the query and value projections, or the one layer that holds them together with the rest
        (`c_attn` in gpt2, `qkv_proj` in phi3).

    Raises:
        ValueError: for any other model type.

    Example:
        >>> target_modules_for("gpt2")
        ['c_attn']
    """
    if model_type not in ATTENTION_LAYERS:
        raise ValueError(f"unknown model type {model_type!r}; known are {', '.join(sorted(ATTENTION_LAYERS))}")
    return list(ATTENTION_LAYERS[model_type])


def make_lora_config(model_type: str, rank: int = 8, dropout: float = 0.05) -> LoraConfig:
    """Make the adapter's configuration with the lesson's defaults.

    Args:
        model_type: as for `target_modules_for`.
        rank: the r of the formula above, at least 1.
        dropout: the share of the adapter's inputs that training drops, from 0 up to but not including 1.

    Returns:
        A `peft.LoraConfig` for causal language modelling: alpha twice the rank, no biases, the layers of
        `target_modules_for`, and `fan_in_fan_out` for gpt2 only, whose Conv1D layers store their weights transposed.

    Raises:
        ValueError: for a rank below 1, a dropout outside [0, 1), or an unknown model type.

    Example:
        >>> make_lora_config("llama", rank=16).lora_alpha
        32
    """
    if rank < 1:
        raise ValueError(f"rank must be at least 1, not {rank}")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1, not {dropout}")
    return LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=dropout,
        bias="none",
        task_type=TaskType.CAUSAL_LM,
        target_modules=target_modules_for(model_type),
        fan_in_fan_out=model_type == "gpt2",
    )


def make_quantization_config(bits: int | None) -> BitsAndBytesConfig | None:
    """Say how a model's weights are stored while an adapter learns on top of them.

    Args:
        bits: 8, 4, or None to load the model as it is.

    Returns:
        A `transformers.BitsAndBytesConfig` for 8 bits, or for 4 bits in the nf4 format with double quantisation; None
        for None.

    Raises:
        ValueError: for any other number of bits.

    Example:
        >>> make_quantization_config(4).bnb_4bit_quant_type
        'nf4'
    """
    if bits is None:
        return None
    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    if bits == 4:
        return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
    raise ValueError(f"bits must be 8, 4 or None, not {bits}")


def attach_adapter(model: PreTrainedModel, config: LoraConfig) -> PeftModel:
    """Put a fresh adapter on a model, so that the adapter alone will learn.

    Args:
        model: a causal language model, possibly loaded in 8 or 4 bits. A quantised model is prepared for training
            before the adapter goes on: its weights are frozen and its small float layers become float32.
        config: what `make_lora_config` returned.

    Returns:
        The model with its adapter. Only LoRA tensors require gradients, and until the first step the output is the
        base model's.

    Raises:
        ValueError: from PEFT, where the model has none of the configured layers.

    Example:
        >>> attach_adapter(model, make_lora_config("gpt2")).print_trainable_parameters()
        trainable params: 16,384 || all params: 1,039,104 || trainable%: 1.5767
    """
    if getattr(model, "is_loaded_in_8bit", False) or getattr(model, "is_loaded_in_4bit", False):
        model = prepare_model_for_kbit_training(model)
    return get_peft_model(model, config)


def trainable_fraction(model: torch.nn.Module) -> float:
    """Return which share of a model's numbers will learn.

    Args:
        model: a model with its adapter.

    Returns:
        Trainable over all parameters, the adapter's included in both. A 4-bit weight is packed, two numbers to one
        stored element, so that each of its elements counts as two.

    Raises:
        ZeroDivisionError: for a model without parameters.

    Example:
        >>> trainable_fraction(attach_adapter(model, make_lora_config("gpt2")))
        0.0157...
    """
    total = sum(_count(parameter) for parameter in model.parameters())
    return sum(_count(parameter) for parameter in model.parameters() if parameter.requires_grad) / total


def _count(parameter: torch.nn.Parameter) -> int:
    return parameter.numel() * (2 if isinstance(parameter, Params4bit) else 1)
