"""Task 2: configure LoRA, so that well under one per cent of a model learns and the rest stays as it is.

Goal: the right layers, sensible defaults, and an adapter on a full-precision or a quantised model.
Lesson: README.md, section "Task 2: LoRA". The paper: https://arxiv.org/abs/2106.09685
PEFT: https://huggingface.co/docs/peft · bitsandbytes: https://huggingface.co/docs/bitsandbytes

LoRA leaves a weight W (out x in) alone and learns a low-rank change beside it:

    y = W x + (alpha / r) · B (A x)        A is r x in, drawn at random; B is out x r and starts at zero

That is r·(in + out) new numbers a layer instead of in·out, and at the start the change is exactly nothing.
"""

import torch
from peft import LoraConfig, PeftModel
from transformers import BitsAndBytesConfig, PreTrainedModel


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
    raise NotImplementedError("task 2.1: the attention layers of each family")


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
    raise NotImplementedError("task 2.2: alpha, dropout, bias and task")


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
    raise NotImplementedError("task 2.3: 8 bits, 4 bits or none")


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
    raise NotImplementedError("task 2.4: prepare a quantised model, then attach")


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
    raise NotImplementedError("task 2.5: trainable over all")
