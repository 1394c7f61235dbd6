"""The shapes of the models that LoRA is checked on, from their public config.json files, and what follows from them.

A rank-r adapter on a layer holds two matrices, r x inputs and outputs x r, so r·(inputs + outputs) numbers
(Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1).
"""

from dataclasses import dataclass

from grader.checks import Handle, fail


@dataclass(frozen=True)
class Shape:
    """The adapted layers of one model: where block number {n} keeps each, with its inputs and outputs."""

    model_type: str
    blocks: int
    layers: dict[str, tuple[int, int]]

    def modules(self) -> dict[str, tuple[int, int]]:
        """Return the layers that LoRA adapts, by their full names."""
        return {pattern.format(n=n): sizes for n in range(self.blocks) for pattern, sizes in self.layers.items()}


_Q, _V = "model.layers.{n}.self_attn.q_proj", "model.layers.{n}.self_attn.v_proj"
_C_ATTN, _QKV = "transformer.h.{n}.attn.c_attn", "model.layers.{n}.self_attn.qkv_proj"

SHAPES = {
    # openai-community/gpt2: n_layer 12, n_embd 768; c_attn holds query, key and value, 3·768 outputs.
    "gpt2": Shape("gpt2", 12, {_C_ATTN: (768, 2304)}),
    # meta-llama/Llama-2-7b-hf: num_hidden_layers 32, hidden_size 4096, 32 heads of 128 for keys and values too.
    "llama-2-7b": Shape("llama", 32, {_Q: (4096, 4096), _V: (4096, 4096)}),
    # mistralai/Mistral-7B-v0.1: num_hidden_layers 32, hidden_size 4096, num_key_value_heads 8 of 128.
    "mistral-7b": Shape("mistral", 32, {_Q: (4096, 4096), _V: (4096, 1024)}),
    # microsoft/Phi-3-mini-4k-instruct: num_hidden_layers 32, hidden_size 3072; qkv_proj has 3·3072 outputs.
    "phi3": Shape("phi3", 32, {_QKV: (3072, 9216)}),
    # google/gemma-2b: num_hidden_layers 18, hidden_size 2048, 8 heads of 256, 1 for keys and values.
    "gemma": Shape("gemma", 18, {_Q: (2048, 2048), _V: (2048, 256)}),
    # Qwen/Qwen2-0.5B: num_hidden_layers 24, hidden_size 896, 14 heads of 64, 2 for keys and values.
    "qwen2": Shape("qwen2", 24, {_Q: (896, 896), _V: (896, 128)}),
}

Parameter = tuple[str, list[int], bool, str]


def adapted_parameters(submission, name: str, rank: int) -> list[Parameter]:
    """Return what the worker says of a model of SHAPES with the submission's adapter on it."""
    config = submission.lora_config.make_lora_config(SHAPES[name].model_type, rank=rank)
    tuned = submission.lora_config.attach_adapter(submission.build_architecture(name), config)
    return submission.parameters(require_peft(tuned))


def require_peft(tuned: object) -> Handle:
    """Return the value, or fail the check where it is no PEFT model."""
    if not isinstance(tuned, Handle) or "PeftModel" not in tuned.ancestry:
        fail("attach_adapter should return a PeftModel.", returned=tuned, hint="peft.get_peft_model makes one.")
    return tuned


def trainable_modules(parameters: list[Parameter]) -> set[str]:
    """Return the layers whose LoRA tensors are trainable, or fail the check where something else is, or nothing."""
    trainable = [name for name, _, wanted, _ in parameters if wanted]
    if not trainable:
        hint = "prepare_model_for_kbit_training freezes every parameter: call it before get_peft_model, never after."
        fail("Nothing is trainable.", returned=[], hint=hint)
    others = [name for name in trainable if ".lora_" not in name]
    if others:
        hint = "Only tensors named lora_… may learn: bias='none', no modules_to_save, and the base left frozen."
        fail(f"{len(others)} tensors of the base model are trainable.", returned=others[:5], hint=hint)
    return {name.partition(".lora_")[0].removeprefix("base_model.model.") for name in trainable}


def require_shape(parameters: list[Parameter], layers: dict[str, tuple[int, int]], rank: int) -> None:
    """Fail the check unless these layers and no others are adapted, with r·(inputs + outputs) numbers each."""
    modules, expected = trainable_modules(parameters), set(layers)
    if modules != expected:
        message = f"{len(modules - expected)} layers too many, {len(expected - modules)} too few are adapted."
        hint = "The layers are those of target_modules_for; in gpt2 `c_proj` and `c_fc` are no part of them."
        fail(message, returned=sorted(modules)[:4], expected=sorted(expected)[:4], hint=hint)
    returned = sum(_size(lengths) for _, lengths, wanted, _ in parameters if wanted)
    size = adapter_size(layers, rank)
    if returned != size:
        hint = f"With rank {rank}, each layer has {rank}·(inputs + outputs) new numbers: plain LoRA, with `r` as given."
        fail("The number of trainable parameters is off.", returned=returned, expected=size, hint=hint)


def adapter_size(layers: dict[str, tuple[int, int]], rank: int) -> int:
    """Return how many numbers an adapter of this rank on these layers holds."""
    return sum(rank * (inputs + outputs) for inputs, outputs in layers.values())


def trainable_share(parameters: list[Parameter]) -> float:
    """Return the share of numbers that are trainable."""
    sizes = [(_size(lengths), wanted) for _, lengths, wanted, _ in parameters]
    return sum(size for size, wanted in sizes if wanted) / sum(size for size, _ in sizes)


def _size(lengths: list[int]) -> int:
    size = 1
    for length in lengths:
        size *= length
    return size
