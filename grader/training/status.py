"""What `grader models` shows: each model of a lab and whether it could be used now, without asking the network."""

from dataclasses import dataclass

from grader.lab import Lab, ModelProfile
from grader.training.models import is_installed, memory_gib
from grader.training.reach import hub_has_cached
from grader.training.select import CPU_BITS


@dataclass(frozen=True)
class ModelStatus:
    """A model of a lab; `memory_gib` is what a LoRA run of it needs where it would run."""

    name: str
    state: str
    parameters_m: float
    memory_gib: float
    licence: str


def model_status(lab: Lab) -> list[ModelStatus]:
    """Return the lab's models in lab.toml's order."""
    return [
        ModelStatus(name, _state(name, profile), profile.parameters_m, _memory(profile), profile.licence)
        for name, profile in lab.spec.models.items()
    ]


def _state(name: str, profile: ModelProfile) -> str:
    if profile.source == "bundled":
        return "bundled" if is_installed(name, profile) else "missing"
    if is_installed(name, profile):
        return "installed"
    repository = profile.location if profile.source == "hub" else profile.mirror
    if repository and hub_has_cached(repository):
        return "downloaded"
    return f"grader models fetch {name}"


def _memory(profile: ModelProfile) -> float:
    return memory_gib(profile, None if profile.needs == "cuda" else CPU_BITS)
