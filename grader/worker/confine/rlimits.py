"""rlimits: memory, the size of a file, descriptors, no core dumps. See getrlimit(2).

RLIMIT_NPROC is left alone: it counts all processes of the user, so that an instructor's own would use it up, and root
is exempt. seccomp refuses new processes, and the trusted side counts threads.
"""

import resource
from pathlib import Path

from grader.worker.transport import WorkerLimits

_OPEN_FILES = 512


def apply(limits: WorkerLimits, device: str) -> None:
    """Limit this process for good. Raises OSError, ValueError."""
    _set(_memory_kind(device), _mapped_bytes(device) + limits.memory_mb * 2**20)
    _set(resource.RLIMIT_FSIZE, limits.scratch_mb * 2**20)
    _set(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_MEMLOCK, 0)


def _memory_kind(device: str) -> int:
    """Count address space; but CUDA reserves hundreds of GiB of it unused, and there only written memory counts."""
    return resource.RLIMIT_DATA if device == "cuda" else resource.RLIMIT_AS


def _mapped_bytes(device: str) -> int:
    """Return what the warm server had mapped already at the fork: nobody's own use."""
    field = "VmData:" if device == "cuda" else "VmSize:"
    status = Path("/proc/self/status").read_text()
    return int(status.partition(field)[2].split(maxsplit=1)[0]) * 1024


def _set(kind: int, wanted: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))
