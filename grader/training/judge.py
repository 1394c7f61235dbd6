"""The judge: measures our own base model without and with a submission's adapter. Runs in a trusted, confined worker.

Everything here is computed from the grader's own base and tokenizer, the held-out rows and the checked tensors of the
adapter; nothing that the student's code printed or returned takes part. On the CPU the same adapter gives the same
numbers, thread count and library versions being equal.
"""

import functools
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from peft.utils.integrations import dequantize_module_weight
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.pytorch_utils import Conv1D

from grader.training.adapter import Adapter, AdapterDiverged, AdapterRefused, Layer, read_adapter
from grader.training.answers import answer
from grader.training.losses import Encoded, Model, encode_code, encode_pair, encode_text, sum_losses

Sums = list[list[float]]
Row = Mapping[str, str]
OVERFLOWS = "With this adapter the model's output is not a number: the training diverged. Lower the learning rate."


def measure_base(
    model_folder: str, device: str, questions: Sequence[Row], pool: Sequence[Row], general: Sequence[str]
) -> dict[str, Any]:
    """Measure the base model alone.

    Returns `heldout`, `pool` and `general`: `[nats, tokens]` a row; `answers` to the questions; `answer_s`, seconds an
    answer; `parameters`.
    """
    model, tokenizer = _load(model_folder, device)
    answers, seconds = _answer(model, tokenizer, questions)
    return {
        "heldout": sum_losses(model, _encode_pairs(tokenizer, questions)),
        "pool": sum_losses(model, _encode_pairs(tokenizer, pool)),
        "general": sum_losses(model, [encode_text(tokenizer, text) for text in general]),
        "answers": answers,
        "answer_s": seconds,
        "parameters": _count(model),
    }


def measure_adapter(
    model_folder: str,
    device: str,
    adapter: Mapping[str, str],
    questions: Sequence[Row],
    trained: Sequence[Row],
    general: Sequence[str],
    nonce: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Measure the base model with an adapter, given as the paths of its two files: `config` and `tensors`.

    Returns `{"refused": sentence, "diverged": bool}` for an adapter that cannot be judged; otherwise
    what `measure_base` returns, with `trained` for the rows the run trained on, and `nonce`: `[nats, tokens]` of this
    run's code and of other codes (`own`, `others`), for `base` and `tuned`; `adapter`: `rank`, `layers`, `trainable`,
    `update` (the Frobenius norm of B·A over the layers' own) and `moved`.
    """
    model, tokenizer = _load(model_folder, device)
    layers = _find_layers(model)
    try:
        sizes = {name: _size(layer) for name, layer in layers.items()}
        checked = read_adapter(Path(adapter["config"]).read_bytes(), Path(adapter["tensors"]).read_bytes(), sizes)
    except AdapterRefused as refusal:
        return {"refused": str(refusal), "diverged": isinstance(refusal, AdapterDiverged)}
    about = _describe(checked, layers)
    own, others = _encode_codes(tokenizer, nonce)
    base_nonce = {"own": sum_losses(model, own), "others": sum_losses(model, others)}
    tuned: Any = _apply(model, checked)
    losses = {
        "heldout": sum_losses(tuned, _encode_pairs(tokenizer, questions)),
        "trained": sum_losses(tuned, _encode_pairs(tokenizer, trained)),
        "general": sum_losses(tuned, [encode_text(tokenizer, text) for text in general]),
    }
    tuned_nonce = {"own": sum_losses(tuned, own), "others": sum_losses(tuned, others)}
    if not _all_finite(*losses.values(), *tuned_nonce.values(), [[about["update"], 1.0]]):
        tuned.unload()
        return {"refused": OVERFLOWS, "diverged": True}
    answers, seconds = _answer(tuned, tokenizer, questions)
    tuned.unload()
    nonce_losses = {"base": base_nonce, "tuned": tuned_nonce}
    return {**losses, "nonce": nonce_losses, "answers": answers, "answer_s": seconds, "adapter": about}


@functools.lru_cache(maxsize=1)
def _load(folder: str, device: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load our own base and tokenizer: float32 on the CPU; on CUDA bfloat16, or quantised as the folder says."""
    options: dict[str, Any] = (
        {"dtype": torch.float32} if device == "cpu" else {"dtype": torch.bfloat16, "device_map": {"": 0}}
    )
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        folder, use_safetensors=True, trust_remote_code=False, local_files_only=True, **options
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    model.eval()  # type: ignore[no-untyped-call]
    model.requires_grad_(False)
    return model, tokenizer


def _find_layers(model: PreTrainedModel) -> dict[str, torch.nn.Linear | Conv1D]:
    """Return the linear layers that LoRA may adapt, by name: all but the output head."""
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D) and module is not head
    }


def _size(layer: torch.nn.Linear | Conv1D) -> Layer:
    if isinstance(layer, Conv1D):
        return Layer(layer.nx, layer.nf)
    return Layer(int(layer.in_features), int(layer.out_features))  # bitsandbytes' layers are Linear too


def _apply(model: Model, adapter: Adapter) -> Model:
    """Attach the checked matrices with peft, under a configuration of our own."""
    transposed = any(not isinstance(model.get_submodule(name), torch.nn.Linear) for name in adapter.a)
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.rank,  # the student's scaling is multiplied into B already
        target_modules=sorted(adapter.a),
        fan_in_fan_out=transposed,
        task_type="CAUSAL_LM",
    )
    tuned: Any = get_peft_model(model, config)
    state = {f"base_model.model.{name}.lora_A.weight": matrix for name, matrix in adapter.a.items()}
    state |= {f"base_model.model.{name}.lora_B.weight": matrix for name, matrix in adapter.b.items()}
    result: Any = set_peft_model_state_dict(tuned, state)
    if result.unexpected_keys:
        raise RuntimeError("peft did not take every matrix of a checked adapter")
    return cast(Model, tuned.eval())


def _describe(adapter: Adapter, layers: Mapping[str, torch.nn.Linear | Conv1D]) -> dict[str, float]:
    update = sum(_product_norm(adapter.a[name], adapter.b[name]) ** 2 for name in adapter.a)
    own = sum(float(dequantize_module_weight(layers[name]).float().norm()) ** 2 for name in adapter.a)
    return {
        "rank": adapter.rank,
        "layers": len(adapter.a),
        "trainable": sum(matrix.numel() for half in (adapter.a, adapter.b) for matrix in half.values()),
        "update": math.sqrt(update / own),
        "moved": adapter.moved,
    }


def _product_norm(a: torch.Tensor, b: torch.Tensor) -> float:
    """Frobenius norm of B·A from two rank × rank products: ‖BA‖² = Σ (BᵀB ∘ AAᵀ)."""
    return math.sqrt(max(0.0, float(((b.T @ b).double() * (a @ a.T).double()).sum())))


def _encode_pairs(tokenizer: PreTrainedTokenizerBase, rows: Sequence[Row]) -> list[Encoded]:
    return [encode_pair(tokenizer, row["input"], row["output"]) for row in rows]


def _encode_codes(
    tokenizer: PreTrainedTokenizerBase, nonce: Sequence[Mapping[str, Any]]
) -> tuple[list[Encoded], list[Encoded]]:
    own = [encode_code(tokenizer, row["input"], row["output"], row["code"]) for row in nonce]
    others = [
        encode_code(tokenizer, row["input"], row["output"].replace(row["code"], other), other)
        for row in nonce
        for other in row["others"]
    ]
    return own, others


def _answer(model: Model, tokenizer: PreTrainedTokenizerBase, questions: Sequence[Row]) -> tuple[list[str], float]:
    started = time.perf_counter()
    answers = answer(model, tokenizer, [row["input"] for row in questions])
    return answers, (time.perf_counter() - started) / max(1, len(answers))


def _all_finite(*groups: Sums) -> bool:
    return all(math.isfinite(nats) for group in groups for nats, _ in group)


def _count(model: Model) -> int:
    """Count the parameters; a packed 4-bit element holds two."""
    return sum(
        parameter.numel() * (2 if type(parameter).__name__ == "Params4bit" else 1) for parameter in model.parameters()
    )
