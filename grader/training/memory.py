"""What a model's weights take at 4, 8, 16 and 32 bits, worked out from its architecture, layer by layer.

bitsandbytes quantises the weights of linear layers only: embeddings, norms, biases and the output layer stay in 16
bits. In 8 bits each output row has one float32 scale (https://arxiv.org/abs/2208.07339). In nf4 with double
quantisation (https://arxiv.org/abs/2305.14314, section 3) each 64 weights share an 8-bit scale, each 256 scales a
float32 one, and each layer holds two code books.
"""

from typing import TYPE_CHECKING, Any

from grader.training.models import model_folder
from grader.worker.architectures import build_architecture, is_known

if TYPE_CHECKING:
    from torch import nn

    from grader.lab import ModelProfile

WIDTHS = (4, 8, 16, 32)
HALF = 2  # bytes of a number that is not quantised
NF4_BLOCK, SCALES_BLOCK = 64, 256
NF4_CODE_BOOKS = 4 * (16 + 256 + 1)  # two code books and an offset, in float32


def build_empty(name: str, profile: "ModelProfile") -> "nn.Module | None":
    """Return a model without its weights, or None where neither its files nor its sizes are here."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = model_folder(name, profile)
    if not (folder / "config.json").is_file():
        return build_architecture(name) if is_known(name) else None  # type: ignore[return-value]
    maker: Any = AutoModelForCausalLM  # its from_config has no types
    with torch.device("meta"):
        model: nn.Module = maker.from_config(AutoConfig.from_pretrained(folder))
    return model


def weight_bytes(model: "nn.Module", bits: int) -> int:
    """Return the bytes of a model's weights at 4, 8, 16 or 32 bits. Raises ValueError for another width."""
    if bits not in WIDTHS:
        raise ValueError(f"bits must be one of {WIDTHS}, not {bits}")
    numbers = sum(parameter.numel() for parameter in model.parameters())
    if bits >= 16:
        return numbers * bits // 8
    quantised = _linear_weights(model)
    rest = numbers - sum(rows * columns for rows, columns in quantised)
    return rest * HALF + sum(_layer_bytes(rows, columns, bits) for rows, columns in quantised)


def _linear_weights(model: "nn.Module") -> list[tuple[int, int]]:
    """Return the outputs and inputs of each linear layer but the output layer, which may share the embeddings."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()  # type: ignore[operator]
    sizes = []
    for module in model.modules():
        if isinstance(module, Conv1D):
            sizes.append((int(module.nf), int(module.nx)))
        elif isinstance(module, nn.Linear) and module is not output:
            sizes.append((module.out_features, module.in_features))
    return sizes


def _layer_bytes(rows: int, columns: int, bits: int) -> int:
    size = rows * columns
    if bits == 8:
        return size + 4 * rows
    scales = -(-size // NF4_BLOCK)
    return -(-size // 2) + scales + 4 * -(-scales // SCALES_BLOCK) + NF4_CODE_BOOKS
