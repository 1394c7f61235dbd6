"""LoRA worked out by hand, on narrow models with random weights: what a student's adapter is held against.

A worker may say of its model what it likes. So a check hands it a model, an adapter's numbers and batches that were all
drawn for this grading, and compares what it says with what comes out here: W x + scale · B (A x), without PEFT, in a
process that no student's code enters. Whoever can answer without an adapter has written one.
"""

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.worker.probes import load_model

if TYPE_CHECKING:
    import torch

Plain = dict[str, Any]
VOCABULARY = 96
_BLOCKS = ("transformer.h.", "model.layers.")
_HALF = ("torch.float16", "torch.bfloat16")


@cache
def draw_model(model_type: str, seed: str) -> Plain:
    """Draw a model of one family: narrow, of one or two blocks, every weight random.

    Returns the two `files` of its folder, its `layers` (each linear layer of the blocks with its `[inputs, outputs]`),
    and `numbers`, how many numbers its parameters hold. The same seed gives the same model.
    """
    import torch

    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.Random(seed).getrandbits(63))
        model = _build(model_type, random.Random(seed))
        model.save_pretrained(folder)
        files = {name: (Path(folder) / name).read_bytes() for name in ("config.json", "model.safetensors")}
    return {
        "files": files,
        "layers": {name: list(_widths(layer)) for name, layer in _linear_layers(model)},
        "numbers": sum(tensor.numel() for tensor in model.parameters()),
    }


def _build(model_type: str, chance: random.Random) -> Any:  # noqa: ANN401 - a transformers model
    from transformers import AutoConfig, AutoModelForCausalLM

    blocks, heads, width = chance.randint(1, 2), 2, chance.choice((32, 64))
    sizes: dict[str, object] = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
    if model_type == "gpt2":
        sizes |= {"n_layer": blocks, "n_head": heads, "n_embd": width, "n_positions": 64}
        sizes |= dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0)
    else:
        sizes |= {"num_hidden_layers": blocks, "num_attention_heads": heads, "num_key_value_heads": heads}
        sizes |= {"hidden_size": width, "intermediate_size": 2 * width, "head_dim": width // heads}
        sizes |= {"max_position_embeddings": 64}
    build: Any = AutoModelForCausalLM  # its from_config has no types
    # Weights of 0.2 in place of 0.02: answers differ enough to tell one adapter from another.
    return build.from_config(AutoConfig.for_model(model_type, initializer_range=0.2, **sizes))


def draw_adapter(layers: Mapping[str, Sequence[int]], rank: int, seed: str) -> bytes:
    """Draw both matrices for each of the layers, given with their `[inputs, outputs]`; return them as safetensors."""
    import safetensors.torch
    import torch

    numbers = torch.Generator().manual_seed(random.Random(seed).getrandbits(63))
    tensors = {}
    for name, (inputs, outputs) in sorted(layers.items()):
        tensors[f"{name}.lora_A.weight"] = torch.randn(rank, inputs, generator=numbers) / inputs**0.5
        tensors[f"{name}.lora_B.weight"] = torch.randn(outputs, rank, generator=numbers) / rank**0.5
    return safetensors.torch.save(tensors)


def adapted_logits(
    model_type: str, seed: str, weights: bytes | None, scale: float, input_ids: list[int], bits: int | None = None
) -> list[list[float]]:
    """Return the `[T][V]` logits of a drawn model with an adapter, or without one."""
    with _adapted(_load(model_type, seed, bits), weights, scale) as (model, _):
        return _logits(model, input_ids)


def train_adapter(
    model_type: str,
    seed: str,
    weights: bytes,
    scale: float,
    batches: Sequence[Mapping[str, Any]],
    learning_rate: float,
    input_ids: list[int],
    bits: int | None = None,
) -> Plain:
    """Take one AdamW step a batch over the adapter alone, the base frozen and, where it is quantised, prepared.

    Returns the `losses` before each step, and the `logits` of `input_ids` after the last.
    """
    import torch

    with _adapted(_load(model_type, seed, bits), weights, scale) as (model, matrices):
        optimizer = torch.optim.AdamW(matrices, lr=learning_rate)
        losses = []
        model.train()
        for batch in batches:
            loss = model(**{name: torch.tensor(rows, device=model.device) for name, rows in batch.items()}).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(float(loss.detach()))
        model.eval()
        return {"losses": losses, "logits": _logits(model, input_ids)}


def _logits(model: Any, input_ids: list[int]) -> list[list[float]]:  # noqa: ANN401 - a transformers model
    import torch

    with torch.no_grad():
        row = torch.tensor([input_ids], device=model.device)
        return model(input_ids=row, use_cache=False).logits[0].float().tolist()  # type: ignore[no-any-return]


@contextmanager
def _adapted(
    model: Any,  # noqa: ANN401 - a transformers model
    weights: bytes | None,
    scale: float,
) -> Iterator[tuple[Any, list["torch.Tensor"]]]:
    """Yield the frozen model with scale · B (A x) added to each layer that the adapter names, and all A and B."""
    import safetensors.torch

    tensors = {} if weights is None else safetensors.torch.load(weights)
    pairs = {
        name: [tensors[f"{name}.lora_{side}.weight"].to(model.device).requires_grad_() for side in "AB"]
        for name in {key.partition(".lora_")[0] for key in tensors}
    }
    hooks = [
        model.get_submodule(name).register_forward_hook(_adding(pair[0], pair[1], scale))
        for name, pair in pairs.items()
    ]
    try:
        yield model, [matrix for pair in pairs.values() for matrix in pair]
    finally:
        for hook in hooks:
            hook.remove()


def _adding(low: "torch.Tensor", high: "torch.Tensor", scale: float) -> Any:  # noqa: ANN401 - a hook
    def add(layer: object, given: tuple["torch.Tensor"], output: "torch.Tensor") -> "torch.Tensor":
        return output + ((given[0].to(low.dtype) @ low.T @ high.T) * scale).to(output.dtype)

    return add


@cache
def _load(model_type: str, seed: str, bits: int | None) -> Any:  # noqa: ANN401 - a transformers model
    """Load a drawn model for others to put hooks on: frozen, and in float32 wherever it is not quantised."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        for name, content in draw_model(model_type, seed)["files"].items():
            (Path(folder) / name).write_bytes(content)
        model: Any = load_model(folder, bits)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
        if str(parameter.dtype) in _HALF:
            parameter.data = parameter.data.to(torch.float32)
    return model.eval()


def _linear_layers(model: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a transformers model
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    for name, layer in model.named_modules():
        if name.startswith(_BLOCKS) and isinstance(layer, Linear | Conv1D):
            yield name, layer


def _widths(layer: Any) -> tuple[int, int]:  # noqa: ANN401 - a linear layer of torch's, or GPT-2's
    if hasattr(layer, "in_features"):
        return layer.in_features, layer.out_features
    return tuple(layer.weight.shape)  # Conv1D keeps inputs x outputs
