"""Full-size architectures without weights, on torch's meta device: every layer, name and shape, in no memory."""

from typing import Any

# The sizes are those of the models' own config.json on the hub: gpt2, Llama-2-7b-hf, Mistral-7B-v0.1,
# SmolLM2-135M-Instruct, Phi-3-mini-4k-instruct, gemma-2b, Qwen2-0.5B.
_SIZES: dict[str, tuple[str, dict[str, int]]] = {
    "gpt2": ("gpt2", {"n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}),
    "llama-2-7b": ("llama", {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                             "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000}),
    "mistral-7b": ("mistral", {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                               "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000}),
    "smollm2-135m": ("llama", {"hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
                               "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152,
                               "tie_word_embeddings": True}),
    "phi3": ("phi3", {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
                      "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32064}),
    "gemma": ("gemma", {"hidden_size": 2048, "intermediate_size": 16384, "num_hidden_layers": 18, "head_dim": 256,
                        "num_attention_heads": 8, "num_key_value_heads": 1, "vocab_size": 256000}),
    "qwen2": ("qwen2", {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
                        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
                        "tie_word_embeddings": True}),
}  # fmt: skip


def is_known(name: str) -> bool:
    """Tell whether an architecture of this name can be built."""
    return name in _SIZES


def build_architecture(name: str) -> object:
    """Return a causal language model on the meta device. Raises LookupError for an unknown name."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if not is_known(name):
        raise LookupError(f"no architecture is named {name!r}; there are {', '.join(_SIZES)}")
    model_type, sizes = _SIZES[name]
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM  # its from_config has no types
        return model.from_config(AutoConfig.for_model(model_type, **sizes))
