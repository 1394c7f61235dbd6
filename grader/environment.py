"""What a result says about the machine and the libraries that it was made with."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from grader import __version__
from grader.results import Plain

PACKAGES = ("torch", "transformers", "peft", "datasets", "accelerate", "bitsandbytes", "hypothesis", "pytest")


def describe_environment(threads: int | None = None) -> dict[str, Plain]:
    """Return the grader's version, Python's, the libraries', the platform and the number of usable cores.

    And of a grading with a training run its threads: with another number of them, sums are rounded otherwise.
    """
    return {
        "grader": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        **({"threads": threads} if threads else {}),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
