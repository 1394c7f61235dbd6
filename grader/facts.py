"""What a result depends on, as named facts. A kept result holds as long as none of its facts has changed."""

import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from grader.environment import describe_environment
from grader.lab import Lab
from grader.training import ModelChoice
from grader.training.calibration import load_calibration
from grader.training.models import hash_model

Facts = dict[str, str]

ROOT = Path(__file__).resolve().parent
# What decides a check, and what decides a training run besides. Points, pages and the order of work decide nothing.
CHECKING = ("errors.py", "results.py", "lab", "intake", "worker", "checks")
TRAINING = ("training",)
SUFFIXES = frozenset({".py", ".toml", ".json", ".jsonl", ".html", ".css"})


def check_facts(lab: Lab, choice: ModelChoice | None, seed: int) -> Facts:
    """Return what the checks of a lab depend on besides the submission and each check's own source."""
    modules = ",".join(task.module or "" for task in lab.spec.tasks)
    bundled = lab.bundled_model
    return {
        "the grader's code": hash_files(ROOT, CHECKING),
        "limits and modules in lab.toml": _digest([lab.spec.limits.model_dump_json(), modules]),
        "the bundled model": hash_model(bundled) if bundled else "none",
        "seed": str(seed),
        "device": choice.device if choice else "cpu",
        **_environment(),
    }


def training_facts(lab: Lab, choice: ModelChoice, seed: int) -> Facts:
    """Return what a training run of a lab and its judge depend on besides the submission."""
    held_back = [hash_files(lab.solutions, ("heldout",))] if lab.solutions else []
    return {
        **check_facts(lab, choice, seed),
        "the grader's training code": hash_files(ROOT, TRAINING),
        "held-out data and bands": _digest([*held_back, _bands(lab, choice)]),
        "model": choice.name,
        "the model's files": hash_model(choice.folder),
        "threads": str(choice.threads),
    }


def _bands(lab: Lab, choice: ModelChoice) -> str:
    """Name the bands that count for a model: those of other models may be set anew without changing its results."""
    parameters = choice.profile.parameters_m * 1e6 if choice.profile else 0.0
    calibration, note = load_calibration(lab, choice, int(parameters))
    return repr((calibration.bands, note))


def changed(before: Facts, now: Facts) -> list[str]:
    """Return the names of the facts that differ, each with both values where they are short."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [_describe(name, before.get(name), now.get(name)) for name in names]


@cache
def hash_files(folder: Path, names: tuple[str, ...]) -> str:
    """Return one SHA-256 over the source and data files in some files and folders of `folder`."""
    paths = [path for name in names for path in _files(folder / name)]
    return _digest(f"{path.relative_to(folder)}:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths)


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def _environment() -> Facts:
    described = describe_environment()
    return {"python": described["python"], "machine": platform.machine(), **described["packages"]}


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _describe(name: str, before: str | None, now: str | None) -> str:
    if before is None or now is None or len(before) > 32 or len(now) > 32:
        return f"{name} changed"
    return f"{name} was {before} and is {now}"
