"""Trusted functions that run where the handles live, and turn what stays there into plain data.

What a probe returns from a worker is still a claim: a student's code shares its process.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from grader.worker.architectures import build_architecture
from grader.worker.quantization import guard_linear4bit, quantization_config

if TYPE_CHECKING:
    import torch

Function = Callable[..., object]
Model: TypeAlias = Any
"""A transformers model, or PEFT's around one; neither has types that would help here."""


def load_tokenizer(path: str, bos: bool = False) -> object:
    """Load a tokenizer from a local folder. With `bos`, it prepends BOS unless told not to add special tokens."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    if bos:
        from tokenizers.processors import TemplateProcessing

        name = tokenizer.bos_token or tokenizer.eos_token
        tokenizer.bos_token = name
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"{name} $A", special_tokens=[(name, tokenizer.convert_tokens_to_ids(name))]
        )
    return tokenizer


def load_model(path: str, bits: int | None = None) -> object:
    """Load a causal language model from a local folder: float32 on the CPU, or 8 or 4 bit through bitsandbytes.

    What bitsandbytes leaves alone is bfloat16 then, as people load it, so that preparing the model for training shows.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if bits is None:
        return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, local_files_only=True)
    guard_linear4bit()
    device = "cuda:0" if torch.cuda.is_available() else "cpu"
    return AutoModelForCausalLM.from_pretrained(
        path,
        dtype=torch.bfloat16,
        quantization_config=quantization_config(bits),
        device_map={"": device},
        local_files_only=True,
    )


def parameters(model: Model) -> list[list[object]]:
    """Return `[name, [shape], requires_grad, dtype]` of every parameter."""
    return [
        [name, list(tensor.shape), tensor.requires_grad, str(tensor.dtype).removeprefix("torch.")]
        for name, tensor in model.named_parameters()
    ]


def logits(model: Model, input_ids: Sequence[int]) -> list[list[float]]:
    """Return the `[T][V]` logits of one sequence, in evaluation mode; the model's mode is restored."""
    import torch

    with _evaluating(model), torch.no_grad():
        row = torch.tensor([list(input_ids)], device=model.device)
        return model(input_ids=row).logits[0].float().tolist()  # type: ignore[no-any-return]


def wear_adapter(model: Model, target_modules: Sequence[str], rank: int) -> object:
    """Return the model with a LoRA adapter of PEFT's on it, none of the student's making."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(model, LoraConfig(r=rank, target_modules=list(target_modules), task_type="CAUSAL_LM"))


def set_adapter(model: Model, weights: bytes) -> None:
    """Put numbers into the model's adapter: a safetensors file with `LAYER.lora_A.weight` and `…lora_B.weight`.

    Raises ValueError where the adapter has no such tensor, or one of another shape.
    """
    import safetensors.torch
    import torch

    adapter = {name.removeprefix("base_model.model."): tensor for name, tensor in model.named_parameters()}
    for name, numbers in safetensors.torch.load(weights).items():
        tensor = adapter.get(name.replace(".weight", ".default.weight"))
        if tensor is None or tensor.shape != numbers.shape:
            raise ValueError(f"the adapter has no tensor {name} of shape {tuple(numbers.shape)}")
        with torch.no_grad():
            tensor.copy_(numbers)


def train_steps(model: Model, batches: Sequence[Mapping[str, Any]], learning_rate: float) -> dict[str, object]:
    """Take one AdamW step a batch over the tensors that require a gradient, without dropout, so that it is repeatable.

    A batch holds `input_ids`, `attention_mask` and `labels` as equally long rows. Returns `losses` (before each step)
    and `changed`, the names of all parameters and buffers that differ afterwards in any bit.
    """
    import torch

    before = {name: tensor.detach().clone() for name, tensor in _state(model)}
    trainable = [tensor for tensor in model.parameters() if tensor.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=learning_rate)
    losses = []
    was_training = model.training
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.train(False)
    for batch in batches:
        rows = {name: torch.tensor(values, device=model.device) for name, values in batch.items()}
        loss = model(**rows).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    model.train(was_training)
    return {"losses": losses, "changed": [name for name, tensor in _state(model) if _differs(before[name], tensor)]}


def merged_logits(model: Model, input_ids: Sequence[int]) -> list[list[float]]:
    """Return the logits with the adapter merged into the base weights, then unmerge it."""
    model.merge_adapter()
    try:
        return logits(model, input_ids)
    finally:
        model.unmerge_adapter()


def saved_adapter(model: Model) -> dict[str, bytes]:
    """Save the adapter as PEFT does; return its files by name."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def set_training(model: Model, flag: bool) -> None:
    """Put a model into training or evaluation mode."""
    model.train(flag)


def is_training(model: Model) -> bool:
    """Tell whether a model is in training mode."""
    return bool(model.training)


_PROBES: tuple[Function, ...] = (
    load_tokenizer,
    load_model,
    build_architecture,
    parameters,
    logits,
    train_steps,
    wear_adapter,
    set_adapter,
    merged_logits,
    saved_adapter,
    set_training,
    is_training,
)
NAMES: dict[str, Function] = {probe.__name__: probe for probe in _PROBES}
"""Every probe by name."""


def named(name: str) -> Function:
    """Return a probe. Raises LookupError for an unknown name."""
    if name not in NAMES:
        raise LookupError(f"no probe is named {name!r}; there are {', '.join(NAMES)}")
    return NAMES[name]


@contextmanager
def _evaluating(model: Model) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _state(model: Model) -> Iterator[tuple[str, "torch.Tensor"]]:
    yield from model.named_parameters()
    yield from model.named_buffers()


def _differs(before: "torch.Tensor", after: "torch.Tensor") -> bool:
    return before.shape != after.shape or not bool((before.detach() == after.detach()).all())
