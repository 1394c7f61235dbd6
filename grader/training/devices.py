"""Whether a CUDA device is here, found out in a child process: this process must not touch CUDA before workers fork."""

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

DRIVERS = ("/dev/nvidiactl", "/dev/dxg")  # Linux, and WSL2
QUESTION = """
import json, torch
if torch.cuda.is_available():
    free, total = torch.cuda.mem_get_info()
    print(json.dumps({"name": torch.cuda.get_device_name(), "free_gib": free / 2**30, "total_gib": total / 2**30}))
"""


@dataclass(frozen=True)
class Gpu:
    """The first CUDA device: its name, and its free and total memory in GiB."""

    name: str
    free_gib: float
    total_gib: float


def cores() -> int:
    """Return how many threads this process may use: OMP_NUM_THREADS where it is set, else the cores it may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(int(wanted), usable) if wanted.isdecimal() and int(wanted) else usable


@functools.cache
def find_gpu() -> Gpu | None:
    """Return the first CUDA device that torch can use, or None. Takes a few seconds only where a driver is loaded."""
    if not any(Path(driver).exists() for driver in DRIVERS):
        return None
    try:
        answer = subprocess.run([sys.executable, "-c", QUESTION], capture_output=True, timeout=60, check=True).stdout
        return msgspec.json.decode(answer, type=Gpu) if answer.strip() else None
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError):
        return None
