"""What the warm server imports, once, so that a worker starts in milliseconds."""

import importlib
import importlib.util

_NEEDED = (
    "torch",
    "transformers",
    "peft",
    "datasets",
    "accelerate",
    "evaluate",
    "bitsandbytes",
    "safetensors.torch",
    # Imported by the libraries at first use; without them each worker would pay for it again.
    "torch._dynamo",
    "torch.optim",
    "torch.utils.data",
    "transformers.models.auto.modeling_auto",
    "transformers.models.gpt2.modeling_gpt2",
    "transformers.models.llama.modeling_llama",
    "transformers.trainer",
    "transformers.generation",
    "peft.tuners.lora",
)
_WHERE_INSTALLED = ("trl", "tensorboard")


def preload() -> None:
    """Import the libraries, and make them safe to share with children by fork."""
    for name in _NEEDED:
        importlib.import_module(name)
    if importlib.util.find_spec("trl"):
        importlib.import_module("trl.trainer.sft_trainer")
    _guard()


def _guard() -> None:
    import torch
    from tqdm.std import TqdmDefaultWriteLock

    from grader.worker.quantization import guard_linear4bit

    torch.set_num_threads(1)
    guard_linear4bit()
    # A lock between processes would be shared by all workers, and one that dies while holding it would stop the others.
    TqdmDefaultWriteLock.mp_lock = None
