"""Reads a LoRA adapter as hostile input: bytes in, checked matrices out. Runs in the judge's worker.

Nothing of the student's files is trusted: the tensors must be exactly LoRA matrices of linear layers that our own base
model has, of shapes that fit and values that are finite; of the configuration only the scaling is read. No pickle is
opened, no name in the files leads anywhere, and no other tensor (a head, an embedding, a bias) gets in.
"""

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
import safetensors
import safetensors.torch
import torch

from grader.worker.faults import clean

MAX_RANK = 256
MAX_SCALING = 64.0
MAX_ENTRY = 10_000.0
"""Of any matrix, the scaling included. Honest entries are below ten; products of larger ones may overflow to NaN, which
attention on the CPU can swallow without a trace."""
MAX_ERROR_CHARACTERS = 200
MAX_CONFIG_BYTES = 256 * 1024
MAX_HEADER_BYTES = 1024 * 1024
MAX_TENSOR_BYTES = 256 * 1024 * 1024
CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")  # initialisations that subtract from the base's weights
FLOATS = {"F32", "F16", "BF16"}
KEY = re.compile(r"base_model\.model\.(?P<layer>[A-Za-z0-9_.]{1,200})\.lora_(?P<side>[AB])(?:\.default)?\.weight")
NAME = re.compile(r"[A-Za-z0-9_.]{1,200}")
# Fields of a peft LoraConfig under which an adapter is more, or other, than B·A added to a layer.
OTHER_METHODS = (
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "monteclora_config",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "velora_config",
)


class AdapterRefused(Exception):
    """The adapter cannot be judged; the message says why and what to do, in words for a student."""


class AdapterDiverged(AdapterRefused):
    """The adapter's numbers are not finite: the training diverged."""


@dataclass(frozen=True)
class Layer:
    """A linear layer of the base model: how many values go in and out."""

    inputs: int
    outputs: int


@dataclass(frozen=True)
class Adapter:
    """Checked LoRA matrices by layer: `a` is (rank, inputs), `b` (outputs, rank) with the scaling multiplied in.

    `moved` is the largest entry of any B before scaling. B starts at zero and Adam moves an entry by at most about the
    learning rate a step, so it bounds the sum of the rates that the run really used.
    """

    rank: int
    moved: float
    a: dict[str, torch.Tensor]
    b: dict[str, torch.Tensor]


class Config(msgspec.Struct, frozen=True):
    """The few fields of adapter_config.json that are read; every other key is ignored."""

    lora_alpha: float
    peft_type: str = "LORA"
    bias: Literal["none"] = "none"
    use_rslora: bool = False
    init_lora_weights: bool | str | None = True
    alpha_pattern: dict[str, float] | None = None


def read_adapter(config: bytes, tensors: bytes, layers: Mapping[str, Layer]) -> Adapter:
    """Check an adapter's two files against the base model's linear layers. Raises AdapterRefused."""
    settings = _read_config(config)
    _check_header(tensors, layers)
    try:
        loaded = safetensors.torch.load(tensors)
    except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise AdapterRefused(
            "adapter_model.safetensors is damaged; save it with model.save_pretrained(output_dir)."
        ) from error
    halves: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in loaded.items():
        layer, side = _split(key)
        _check_entries(layer, tensor)
        halves.setdefault(layer, {})[side] = tensor.float()
    ranks = {layer: _check_pair(layer, pair) for layer, pair in halves.items()}
    scaled = {layer: pair["B"] * _scaling(settings, layer, ranks[layer]) for layer, pair in halves.items()}
    for layer, matrix in scaled.items():
        _check_entries(layer, matrix)
    return Adapter(
        rank=max(ranks.values()),
        moved=max(float(pair["B"].abs().max()) for pair in halves.values()),
        a={layer: _pad(pair["A"], 0, max(ranks.values())) for layer, pair in halves.items()},
        b={layer: _pad(matrix, 1, max(ranks.values())) for layer, matrix in scaled.items()},
    )


def _read_config(data: bytes) -> Config:
    if len(data) > MAX_CONFIG_BYTES:
        raise AdapterRefused(
            f"adapter_config.json is larger than {MAX_CONFIG_BYTES // 1024} KiB; it is a short file of settings."
        )
    try:
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        config = msgspec.json.decode(data, type=Config)
    except (msgspec.MsgspecError, RecursionError) as error:
        detail = clean(str(error), MAX_ERROR_CHARACTERS)  # it may quote the file
        raise AdapterRefused(f"adapter_config.json is not the configuration of a LoRA adapter: {detail}.") from error
    if config.peft_type != "LORA":
        raise AdapterRefused("adapter_config.json describes another method than LoRA; the lab judges LoRA adapters.")
    if str(config.init_lora_weights).lower().startswith(CHANGES_BASE):
        raise AdapterRefused(
            "adapter_config.json: this init_lora_weights changes the base model's own weights, so the adapter does not "
            "fit the base; leave it at its default."
        )
    for field in OTHER_METHODS:
        if field in raw and bytes(raw[field]).strip() not in {b"null", b"false", b"[]", b"{}"}:
            raise AdapterRefused(
                f"adapter_config.json sets {field}; the lab judges plain LoRA, so leave {field} at its default."
            )
    return config


def _check_header(tensors: bytes, layers: Mapping[str, Layer]) -> None:
    """Check every name, dtype and shape before a single tensor is made."""
    if len(tensors) > MAX_TENSOR_BYTES:
        raise AdapterRefused(
            f"adapter_model.safetensors is larger than {MAX_TENSOR_BYTES // 2**20} MiB; an adapter is far smaller."
        )
    if len(tensors) < 8 or struct.unpack("<Q", tensors[:8])[0] > min(MAX_HEADER_BYTES, len(tensors)):
        raise AdapterRefused("adapter_model.safetensors is damaged; save it with model.save_pretrained(output_dir).")
    try:
        entries = safetensors.deserialize(tensors)  # type: ignore[no-untyped-call]
    except (safetensors.SafetensorError, ValueError) as error:
        raise AdapterRefused(
            "adapter_model.safetensors is damaged; save it with model.save_pretrained(output_dir)."
        ) from error
    if not entries:
        raise AdapterRefused("adapter_model.safetensors holds no tensors; save the model that was trained.")
    seen: set[tuple[str, str]] = set()
    for key, entry in entries:
        layer, side = _split(key)
        if layer not in layers or (layer, side) in seen:
            raise AdapterRefused(
                f"The adapter changes {layer[:120]}, which is no linear layer of this base model that LoRA may adapt."
            )
        seen.add((layer, side))
        _check_entry(layer, side, entry["dtype"], list(entry["shape"]), layers[layer])


def _check_entry(layer: str, side: str, dtype: str, shape: list[int], base: Layer) -> None:
    width = base.inputs if side == "A" else base.outputs
    fits = len(shape) == 2 and shape[1 if side == "A" else 0] == width
    rank = shape[0 if side == "A" else 1] if fits else 0
    if dtype not in FLOATS:
        raise AdapterRefused(
            f"The adapter's {layer} holds {dtype[:20]} numbers; LoRA matrices are floats of 16 or 32 bits."
        )
    if not fits or not 1 <= rank <= MAX_RANK:
        form = f"(rank, {width})" if side == "A" else f"({width}, rank)"
        raise AdapterRefused(
            f"The adapter's {layer}.lora_{side} has shape {tuple(shape)[:4]}; "
            f"on this base model it is {form} with a rank from 1 to {MAX_RANK}."
        )


def _split(key: str) -> tuple[str, str]:
    found = KEY.fullmatch(key)
    if not found:
        raise AdapterRefused(
            f"adapter_model.safetensors holds {key[:120]!r}, which is no LoRA matrix of a linear layer; "
            "save with model.save_pretrained(output_dir) and leave modules_to_save and bias alone."
        )
    return found["layer"], found["side"]


def _check_entries(layer: str, matrix: torch.Tensor) -> None:
    if not torch.isfinite(matrix).all():
        raise AdapterDiverged(
            f"The adapter's {layer} holds NaN or infinite numbers: the training diverged. Lower the learning rate."
        )
    if float(matrix.abs().max()) > MAX_ENTRY:
        raise AdapterDiverged(
            f"The adapter's {layer} holds numbers beyond {MAX_ENTRY:,.0f}: the training diverged. "
            "Lower the learning rate."
        )


def _check_pair(layer: str, pair: Mapping[str, torch.Tensor]) -> int:
    """Return the layer's rank, the same on both sides."""
    if set(pair) != {"A", "B"} or pair["A"].shape[0] != pair["B"].shape[1]:
        raise AdapterRefused(f"The adapter's {layer} lacks a matrix, or its A and B differ in rank.")
    return int(pair["A"].shape[0])


def _scaling(config: Config, layer: str, rank: int) -> float:
    """alpha / r, or alpha / √r for rank-stabilised LoRA (arXiv:2312.03732). Patterns are plain ends of layer names."""
    alpha = config.lora_alpha
    for name, value in (config.alpha_pattern or {}).items():
        if not NAME.fullmatch(name):
            raise AdapterRefused(
                "adapter_config.json: write alpha_pattern with plain layer names, not regular expressions."
            )
        if layer == name or layer.endswith(f".{name}"):
            alpha = value
            break
    scaling = alpha / math.sqrt(rank) if config.use_rslora else alpha / rank
    if not 0 < scaling <= MAX_SCALING:  # also false for NaN
        raise AdapterRefused(
            f"adapter_config.json: lora_alpha {alpha:g} is out of bounds at rank {rank}; twice the rank is usual."
        )
    return scaling


def _pad(matrix: torch.Tensor, dimension: int, rank: int) -> torch.Tensor:
    """Zero-pad to a common rank, which changes no product, so that one rank serves all layers."""
    missing = rank - matrix.shape[dimension]
    return torch.nn.functional.pad(matrix, (0, 0, 0, missing) if dimension == 0 else (0, missing))
