"""What checks compare a student's work with: a real model's answers and losses, computed the plain way.

Tests call these functions through the fixture `oracle`. They run in a clean, confined process that student code never
enters (on a student's own machine, in the test's process), take and return plain data, and share no code with the lab's
reference: no `generate`, no cache of keys and values, no PEFT. Libraries are imported late, for checks without a model.
"""

import math
import statistics
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.checks.lora import adapted_logits, draw_adapter, draw_model, train_adapter

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = [
    "adapted_logits",
    "draw_adapter",
    "draw_model",
    "greedy",
    "losses",
    "random_llama",
    "read_adapter",
    "rename_adapter",
    "traces",
    "train_adapter",
]

Plain = dict[str, Any]
CAUSAL_LM_PREFIX = "base_model.model."  # PEFT's name for the model that an adapter sits on


def greedy(model_path: str, prompts: list[str], max_new_tokens: int) -> list[Plain]:
    """Continue each prompt with the likeliest token, again and again, until end-of-text or `max_new_tokens`.

    Returns for each prompt `text` (the new text, without end-of-text), `tokens` (how many were new, end-of-text
    included), `ended` (whether end-of-text came), and `margin`: the smallest lead, in logits, of the chosen token over
    the next. Where the margin is tiny, rounding decides, and two right programs may differ.
    """
    return [_continue(model_path, prompt, max_new_tokens) for prompt in prompts]


def _continue(model_path: str, prompt: str, max_new_tokens: int) -> Plain:
    import torch

    tokenizer, model = _tokenizer(model_path), _model(model_path)
    ids = _encode(model_path, prompt)
    start, margin = len(ids), float("inf")
    while len(ids) - start < max_new_tokens and ids[-1:] != [tokenizer.eos_token_id]:
        with torch.no_grad():
            best = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].topk(2)
        margin = min(margin, float(best.values[0] - best.values[1]))
        ids.append(int(best.indices[0]))
    new = ids[start:]
    ended = new[-1:] == [tokenizer.eos_token_id]
    text = tokenizer.decode(new[:-1] if ended else new)
    return {"text": text, "tokens": len(new), "ended": ended, "margin": margin}


def losses(model_path: str, examples: list[dict[str, str]], adapter: Plain | None = None) -> dict[str, float]:
    """Measure a model on examples of a `prompt` and a `response`: mean negative log probabilities, in nats a token.

    `adapter` holds `weights`, the bytes of GPT-2's adapter_model.safetensors, and `scale`, its alpha over its rank.
    Returns the means over the tokens of all prompts (`prompt`), of all responses (`response`), over the end-of-text
    tokens behind the responses (`end`), and over those that could have stood where a response went on (`early_end`).
    Raises ValueError where an adapter's tensor fits no weight of the model.
    """
    model = _model(model_path) if adapter is None else _adapted(model_path, adapter["weights"], adapter["scale"])
    end = _tokenizer(model_path).eos_token_id
    found: dict[str, list[float]] = {"prompt": [], "response": [], "end": [], "early_end": []}
    for example in examples:
        prompt, response = _encode(model_path, example["prompt"]), _encode(model_path, example["response"])
        ids = [*prompt, *response, end]
        parts = ["prompt"] * len(prompt) + ["response"] * len(response) + ["end"]
        every = _negative_log_probabilities(model, ids)
        for part, token, losses in zip(parts[1:], ids[1:], every, strict=True):
            found[part].append(float(losses[token]))
            if part == "response":
                found["early_end"].append(float(losses[end]))
    return {part: statistics.fmean(values) if values else 0.0 for part, values in found.items()}


def _negative_log_probabilities(model: "PreTrainedModel", ids: list[int]) -> "torch.Tensor":
    """Return the `[T-1][V]` negative log probabilities of every token that could stand at each place but the first."""
    import torch

    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, :-1]
    return -logits.double().log_softmax(-1)  # type: ignore[no-any-return]


def traces(model_path: str, groups: list[list[dict[str, str]]], adapter: Plain) -> dict[str, dict[str, float]]:
    """Say what an adapter knows of the first group of examples and not of the others, which are of the same form.

    For the `prompt`, the `response`, and what comes one token further `ahead` in it: `gain`, by how many nats a token
    the loss fell beyond what the others' falls foretell for a group as hard (a straight line through them), and
    `deviations`, the same in standard deviations of the others from that line. Chance gives -2 to 2, whatever the
    adapter does to a language model otherwise. `adapter` is as for `losses`.
    """
    pairs = [
        [(_encode(model_path, example["prompt"]), _encode(model_path, example["response"])) for example in group]
        for group in groups
    ]
    before = [_part_losses(_model(model_path), group) for group in pairs]
    model = _adapted(model_path, adapter["weights"], adapter["scale"])
    after = [_part_losses(model, group) for group in pairs]
    found = {}
    for part in before[0]:
        hardness = [losses[part] for losses in before]
        falls = [was - losses[part] for was, losses in zip(hardness, after, strict=True)]
        line = statistics.linear_regression(hardness[1:], falls[1:])
        gain, *rest = (fall - line.slope * hard - line.intercept for hard, fall in zip(hardness, falls, strict=True))
        spread = math.sqrt(math.fsum(value**2 for value in rest) / (len(rest) - 2))
        found[part] = {"gain": gain, "deviations": gain / spread if spread else 0.0}
    return found


def _part_losses(model: "PreTrainedModel", pairs: list[tuple[list[int], list[int]]]) -> dict[str, float]:
    """Return the mean losses, in one batch: what is right of the longest is padding, and no earlier token sees it."""
    import torch

    longest = max(len(prompt) + len(response) for prompt, response in pairs)
    ids = torch.tensor(
        [[*prompt, *response] + [0] * (longest - len(prompt) - len(response)) for prompt, response in pairs]
    )
    with torch.no_grad():
        scores = model(input_ids=ids, use_cache=False).logits
    total = scores.logsumexp(-1)
    following = (total[:, :-1] - scores[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]).double()
    ahead = (total[:, :-2] - scores[:, :-2].gather(-1, ids[:, 2:, None])[..., 0]).double()
    found: dict[str, list[float]] = {"prompt": [], "response": [], "ahead": []}
    for row, (prompt, response) in enumerate(pairs):
        start, end = len(prompt) - 1, len(prompt) + len(response) - 1
        found["prompt"] += following[row, :start].tolist()
        found["response"] += following[row, start:end].tolist()
        found["ahead"] += ahead[row, start : end - 1].tolist()
    return {part: math.fsum(values) / max(len(values), 1) for part, values in found.items()}


def _adapted(model_path: str, weights: bytes, scale: float) -> "PreTrainedModel":
    """Return a copy of a GPT-2 with W + scale · (B A)ᵀ in place of W (its Conv1D stores W as in x out)."""
    import copy

    import safetensors.torch
    import torch

    model = copy.deepcopy(_model(model_path))
    parameters, tensors = dict(model.named_parameters()), safetensors.torch.load(weights)
    for name in [name for name in tensors if name.endswith(".lora_A.weight")]:
        layer = name.removeprefix(CAUSAL_LM_PREFIX).removesuffix(".lora_A.weight")
        low, high = tensors[name].float(), tensors[f"{name.removesuffix('.lora_A.weight')}.lora_B.weight"].float()
        weight = parameters[f"{layer}.weight"]
        with torch.no_grad():
            weight.add_((high @ low).T, alpha=scale)
    return model


def read_adapter(weights: bytes) -> dict[str, Plain] | None:
    """Read the bytes of a safetensors file: each tensor's `shape`, whether it is `finite`, whether it is `zero`.

    Also `sha256`, of the numbers alone, so that two adapters can be compared. None where the bytes are damaged.
    """
    import hashlib

    import safetensors.torch

    try:
        tensors = safetensors.torch.load(weights)
    except (safetensors.SafetensorError, KeyError, ValueError):
        return None
    return {name: _describe(tensor, hashlib.sha256(_raw(tensor)).hexdigest()) for name, tensor in tensors.items()}


def _raw(tensor: "torch.Tensor") -> bytes:
    import torch

    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _describe(tensor: "torch.Tensor", sha256: str) -> Plain:
    return {
        "shape": list(tensor.shape),
        "finite": bool(tensor.float().isfinite().all()),
        "zero": not bool(tensor.any()),
        "sha256": sha256,
    }


def rename_adapter(weights: bytes, layers: dict[str, list[int]]) -> bytes | None:
    """Return an adapter's file with the layers' own names, as `draw_adapter` writes them.

    None where it is damaged, or is not made of A and B of just these layers, given with their `[inputs, outputs]`.
    """
    import safetensors.torch

    try:
        tensors = safetensors.torch.load(weights)
    except (safetensors.SafetensorError, KeyError, ValueError):
        return None
    found = {name.removeprefix(CAUSAL_LM_PREFIX): tensor for name, tensor in tensors.items()}
    if set(found) != {f"{layer}.lora_{side}.weight" for layer in layers for side in "AB"}:
        return None
    for layer, (inputs, outputs) in layers.items():
        low, high = (found[f"{layer}.lora_{side}.weight"].shape for side in "AB")
        if len(low) != 2 or low[1] != inputs or tuple(high) != (outputs, low[0]):
            return None
    return safetensors.torch.save({name: tensor.float() for name, tensor in found.items()})


def random_llama(model_path: str) -> dict[str, bytes]:
    """Make a Llama of two narrow layers with random weights, for the tokenizer in `model_path`.

    Returns the two files that turn a folder with that tokenizer into a model: the same bytes every time.
    """
    import safetensors.torch
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer(model_path)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        architectures=["LlamaForCausalLM"],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    tensors = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}  # tied
    return {
        "config.json": config.to_json_string().encode(),
        "model.safetensors": safetensors.torch.save(tensors, metadata={"format": "pt"}),
    }


def _encode(model_path: str, text: str) -> list[int]:
    return list(_tokenizer(model_path).encode(text, add_special_tokens=False))


@cache
def _tokenizer(model_path: str) -> "PreTrainedTokenizerBase":
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(Path(model_path), local_files_only=True)


@cache
def _model(model_path: str) -> "PreTrainedModel":
    import torch
    from transformers import AutoModelForCausalLM

    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        Path(model_path), dtype=torch.float32, local_files_only=True
    )
    model.train(False)
    return model
