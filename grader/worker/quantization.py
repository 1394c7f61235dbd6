"""bitsandbytes on CPUs with AVX512-BF16: one switch, without which a 4-bit model silently stops learning.

There, `Linear4bit` repacks its weights at the first forward pass without gradients in evaluation mode, and has no
gradient afterwards: any `generate()` before or during training freezes a Llama and breaks a GPT-2 (bitsandbytes 0.50).
"""

from typing import Any

_GUARD = "_grader_guard"
_SWITCH = "support_avx512bf16_for_cpu"


def guard_linear4bit() -> None:
    """Turn the repacking off in every Linear4bit made from now on, also in models that a student's code loads."""
    import bitsandbytes

    layer: Any = vars(bitsandbytes.nn)["Linear4bit"]
    if getattr(layer.__init__, _GUARD, False):
        return
    original = layer.__init__

    def initialise(self: object, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)
        setattr(self, _SWITCH, False)

    setattr(initialise, _GUARD, True)
    layer.__init__ = initialise


def quantization_config(bits: int) -> object:
    """Return the configuration for 8 bits, or for 4 (nf4, double quantisation). Raises ValueError for other widths."""
    import torch
    import transformers

    configuration: Any = transformers.BitsAndBytesConfig
    if bits == 8:
        return configuration(load_in_8bit=True)
    if bits == 4:
        return configuration(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        )
    raise ValueError(f"bits must be 8 or 4, not {bits}")
