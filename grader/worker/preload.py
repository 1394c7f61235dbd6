"""What the warm server imports, once, so that a worker starts in milliseconds."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_LIBRARIES = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "evaluate",
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
)
# bitsandbytes starts CUDA when it is imported, and PEFT and TRL import it; a process that has done so cannot fork.
_LIBRARIES_WITHOUT_CUDA = ("bitsandbytes", "peft", "peft.tuners.lora")
_WHERE_INSTALLED_WITHOUT_CUDA = {"trl": "trl.trainer.sft_trainer"}


def preload(device: str, libraries: Sequence[str] | None = None) -> None:
    """Import the libraries, or all that a training run needs, and make them safe to share with children by fork.

    Raises ImportError, and RuntimeError if CUDA started.
    """
    for name in _training_libraries(device) if libraries is None else libraries:
        with _nothing_compiled():
            importlib.import_module(name)
    if "bitsandbytes" in sys.modules:
        from grader.worker.quantization import guard_linear4bit

        guard_linear4bit()
    if "torch" in sys.modules:
        _make_safe_to_fork()


def _training_libraries(device: str) -> list[str]:
    if device != "cpu":
        return list(_LIBRARIES)
    installed = [
        module for package, module in _WHERE_INSTALLED_WITHOUT_CUDA.items() if importlib.util.find_spec(package)
    ]
    return [*_LIBRARIES, *_LIBRARIES_WITHOUT_CUDA, *installed]


@contextmanager
def _nothing_compiled() -> Iterator[None]:
    """Have bitsandbytes keep its functions as they are: a worker has no compiler, and to ask for one takes a second.

    Others import bitsandbytes too, so that this is for all of them; before torch is there, nothing can be compiled.
    """
    torch: Any = sys.modules.get("torch")  # whose types do not let it be changed
    if torch is None:
        yield
        return
    compile = torch.compile
    torch.compile = lambda model=None, **options: model or (lambda function: function)
    try:
        yield
    finally:
        torch.compile = compile


def _make_safe_to_fork() -> None:
    import torch
    from tqdm.std import TqdmDefaultWriteLock

    torch.set_num_threads(1)
    # A lock between processes would be shared by all workers, and one that dies while holding it would stop the others.
    TqdmDefaultWriteLock.mp_lock = None
    cuda: Any = torch.cuda  # has no types here
    if cuda.is_initialized():
        raise RuntimeError("importing the libraries started CUDA, and a process that did so cannot fork workers")
