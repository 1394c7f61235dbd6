"""The environment of the warm server and its workers: built from nothing, so that no token of the owner's is in it."""

import os
from collections.abc import Mapping
from pathlib import Path

WIRE_FD = 3
HOME_FD = 4
"""The scratch folder of each worker. Libraries work their cache folders out once, when the server imports them; under
this descriptor's name the same path means the server's own folder there, and each worker's own after the fork."""

_HOME = f"/proc/self/fd/{HOME_FD}"
_KEPT = ("PATH", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "TZ")


def server_environment(device: str, ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the warm server's environment for a device, `cpu` or `cuda`."""
    kept = {name: ours[name] for name in _KEPT if name in ours}
    hidden = {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}
    return {
        **kept,
        **hidden,
        **_folders(_HOME),
        "LANG": "C.UTF-8",
        "USER": "student",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        # Forking is safe from one thread only: none for OpenMP, for tokenizers, for Arrow's allocator.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # Threads that spin for long while they wait take the cores from whoever they wait for: beside two other busy
        # processes, two threads on two cores multiplied small matrices in 5 to 8 s asleep, and in 77 to 108 s spinning.
        # Asleep at once they wake too late: 30 s on a quiet machine where a short spin took 11 (and 36 beside others).
        "GOMP_SPINCOUNT": "1000",
        # Activations are freed and asked for again each step: kept by the process, they are not zeroed anew each time.
        # Twelve steps of a small GPT-2 with logits of 34 MB took 6.4 to 6.7 s of a core with glibc's own settings, 6.3
        # to 6.4 s where tensors of up to 32 MiB were kept, and 5.8 to 6.0 s so; 135M parameters, 27.5 to 28 s each way.
        "MALLOC_MMAP_THRESHOLD_": "1073741824",
        "MALLOC_TRIM_THRESHOLD_": "34359738368",
        "TOKENIZERS_PARALLELISM": "false",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        # There is no network: libraries say so at once instead of trying.
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "WANDB_MODE": "offline",
        # Whether there is a GPU is asked of the driver's library, without starting CUDA: that must wait for the fork.
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    }


def worker_environment(scratch: Path) -> dict[str, str]:
    """Return what a worker changes: the same folders by their real path, for code that looks at the environment."""
    return _folders(str(scratch))


def _folders(home: str) -> dict[str, str]:
    return {"HOME": home, "HF_HOME": f"{home}/huggingface", "TMPDIR": home}
