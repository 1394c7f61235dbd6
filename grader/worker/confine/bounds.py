"""What one worker may touch: the folders it may read, those it may write, and how much of everything."""

import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.worker.control import Spawn
from grader.worker.transport import WorkerLimits

_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/locale")
_KERNEL = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/sys/vm",
           "/sys/devices/system/cpu", "/sys/devices/system/node")  # fmt: skip
_DEVICES = ("/dev/zero", "/dev/random", "/dev/urandom")
_CUDA_FOLDERS = ("/proc/driver/nvidia", "/proc/devices", "/proc/modules", "/sys/bus/pci", "/sys/devices", "/sys/module",
                 "/etc/nvidia", "/usr/local/nvidia", "/usr/local/cuda", "/usr/share/nvidia")  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """Existing absolute paths, and limits. `usable` are device files that may be read and written."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    usable: tuple[Path, ...]
    limits: WorkerLimits
    device: str

    @classmethod
    def of(cls, spawn: Spawn, device: str) -> "Bounds":
        """Return the bounds of a worker: the system's libraries, Python's, our own package, and what it was given."""
        given = [spawn.inbox, *spawn.readable, *([spawn.source] if spawn.source else [])]
        return cls(
            readable=(*always_readable(device), *_existing(given)),
            writable=_existing([spawn.scratch, spawn.out]),
            usable=always_usable(device),
            limits=spawn.limits,
            device=device,
        )

    @classmethod
    def least(cls) -> "Bounds":
        """Return the bounds of a worker that was given nothing, for trying a level out."""
        return cls(always_readable("cpu"), (), (), WorkerLimits(), "cpu")


@cache
def always_readable(device: str) -> tuple[Path, ...]:
    """Return what every worker may read: the system's libraries, Python and its packages, this package, its own /proc.

    Kept from the first call on: the server makes it, and each worker inherits the answer.
    """
    return _existing([*_system(device), *_python()])


@cache
def always_usable(device: str) -> tuple[Path, ...]:
    """Return the device files that every worker may read and write."""
    return _existing(["/dev/null", *(_cuda_devices() if device == "cuda" else [])])


def _system(device: str) -> list[str]:
    return [*_LIBRARIES, *_SYSTEM_FILES, *_KERNEL, *_DEVICES, *(_CUDA_FOLDERS if device == "cuda" else ())]


def _python() -> list[str]:
    """Return where Python and its packages lie: never a whole prefix, which may be /usr or hold a project."""
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    libraries = [f"{prefix}/{name}" for prefix in prefixes for name in ("lib", "lib64")]
    packages = [path for path in sys.path if "site-packages" in path or "dist-packages" in path]
    installed = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return [*libraries, *installed, *packages, str(Path(__file__).parents[2])]


def _cuda_devices() -> list[str]:
    return [str(path) for path in Path("/dev").glob("nvidia*")]


def _existing(paths: list[str]) -> tuple[Path, ...]:
    # Not Path.exists, which raises for a path through a folder that this user may not enter.
    return tuple(Path(path) for path in dict.fromkeys(paths) if os.path.exists(path))  # noqa: PTH110
