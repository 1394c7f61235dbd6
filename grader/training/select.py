"""Which model a grading uses, and the sentence that says why: `--model auto` takes the best that is really there."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import psutil

from grader.errors import UsageError
from grader.lab import Lab, ModelProfile
from grader.language import noop
from grader.training.devices import Gpu, cores, find_gpu
from grader.training.fetch import fetch
from grader.training.models import ModelChoice, is_installed, memory_gib, open_local
from grader.training.reach import hub_answers, hub_has_cached, index_offers

Progress = Callable[[str], None]
DEVICES = ("auto", "cpu", "cuda")
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
UNKNOWN_M = 1.0  # nobody asks: a model that was named is taken, whatever its size
CPU_BITS = 32  # the CPU trains in float32, whatever the profile holds


def choose_model(lab: Lab, model: str, device: str, progress: Progress = lambda line: None) -> ModelChoice:
    """Choose the model and the device of a grading, fetching the model where that is needed and possible.

    `model` is `auto`, a name in lab.toml, the path of a local model folder, or an id on the model hub (owner/name);
    `device` is `auto`, `cpu` or `cuda`.
    Raises UsageError with one sentence where the model or the device cannot be had.
    """
    gpu = _find_device(device)
    if model == "auto":
        return _choose_best(lab, gpu, progress)
    if model in lab.spec.models:
        return _take(lab, model, gpu, f"You asked for {model}.", progress)
    if HUB_ID.fullmatch(model) and not Path(model).exists():
        return _take_from_hub(model, gpu, progress)
    if os.sep in model or Path(model).is_dir():
        folder = open_local(Path(model))
        return _choice(folder.name, folder, gpu, f"You asked for the model in {folder}.")
    raise UsageError(f"No model named {model!r}; this lab has {', '.join(lab.spec.models)}, and a path works too.")


def _take_from_hub(repository: str, gpu: Gpu | None, progress: Progress) -> ModelChoice:
    """Fetch a model that no lab names into the cache. Its licence is for the person who asked to look up."""
    profile = ModelProfile(
        architecture="other", source="hub", location=repository, licence="see the hub", parameters_m=UNKNOWN_M
    )
    name = repository.replace("/", "--")
    try:
        folder = fetch(name, profile, progress)
    except UsageError as error:
        raise UsageError(f"{repository} is no folder here, and from the hub it cannot be had: {error}") from error
    return _choice(name, folder, gpu, f"You asked for {repository} from the hub.")


def _find_device(device: str) -> Gpu | None:
    if device not in DEVICES:
        raise UsageError(f"No device named {device!r}; there is {', '.join(DEVICES)}.")
    gpu = None if device == "cpu" else find_gpu()
    if device == "cuda" and gpu is None:
        raise UsageError(
            "No CUDA device that torch can use is here; use --device cpu, or install a CUDA build of torch."
        )
    return gpu


def _choose_best(lab: Lab, gpu: Gpu | None, progress: Progress) -> ModelChoice:
    """Try each model that could serve, best first; what could not be had is said in the report's sentence."""
    passed_over: list[str] = []
    for name, profile in sorted(lab.spec.models.items(), key=lambda item: _preference(item[1])):
        reason = _why_not(name, profile, gpu)
        if reason is None:
            try:
                return _take(lab, name, gpu, _sentence(name, gpu, passed_over), progress)
            except UsageError as error:
                reason = str(error).rstrip(".")
        passed_over.append(f"{name}: {reason}")
    raise UsageError(f"No model of this lab can be had here: {'; '.join(passed_over)}.")


def _preference(profile: ModelProfile) -> tuple[bool, int]:
    """CUDA profiles first, then gpt2 (hub), smollm2-135m (package), tiny-gpt2 (bundled); lab.toml's order within."""
    return profile.needs != "cuda", ("hub", "package", "bundled").index(profile.source)


def _why_not(name: str, profile: ModelProfile, gpu: Gpu | None) -> str | None:
    """Say in a few words why `auto` passes over a model, or return None where it can be used.

    7B models are never downloaded unasked: `auto` takes one only where its weights already lie on this machine.
    """
    if profile.needs == "cuda" and gpu is None:
        return noop("needs a CUDA device")
    if gpu is not None and memory_gib(profile) > gpu.free_gib:
        return noop(f"needs {memory_gib(profile):.0f} GiB of GPU memory and {gpu.free_gib:.0f} are free")
    if gpu is None and (short := _missing_memory(profile)):
        return short
    if is_installed(name, profile):
        return None
    if profile.source == "bundled":
        return noop("is missing from this installation")
    repository = profile.location if profile.source == "hub" else profile.mirror
    if repository and hub_has_cached(repository):
        return None
    if profile.needs == "cuda":
        return noop(f"is not on this machine (grader models fetch {name})")
    if repository and hub_answers(repository):
        return None
    if profile.source == "package" and index_offers(profile.location):
        return None
    return noop("is not on this machine and nothing answers to fetch it from")


def _missing_memory(profile: ModelProfile) -> str | None:
    needed, free = memory_gib(profile, CPU_BITS), psutil.virtual_memory().available / 2**30
    return noop(f"needs {needed:.1f} GiB of memory and {free:.1f} are free") if needed > free else None


def _sentence(name: str, gpu: Gpu | None, passed_over: list[str]) -> str:
    best = (
        f"{name} is the best model that is really there, on {gpu.name}."
        if gpu
        else f"{name} is the best model that is really there, on the CPU."
    )
    return " ".join([best, *(f"Passed over {each}." for each in passed_over)])


def _take(lab: Lab, name: str, gpu: Gpu | None, why: str, progress: Progress) -> ModelChoice:
    profile = lab.spec.models[name]
    if profile.needs == "cuda" and gpu is None:
        smaller = ", ".join(other for other, spec in lab.spec.models.items() if spec.needs == "cpu")
        raise UsageError(f"{name} needs a CUDA device and none is in use here; choose one of {smaller}.")
    if gpu is not None and memory_gib(profile) > gpu.total_gib:
        raise UsageError(
            f"{name} needs {memory_gib(profile):.0f} GiB of GPU memory and {gpu.name} has {gpu.total_gib:.0f}."
        )
    return _choice(name, fetch(name, profile, progress), gpu, why, profile)


def _choice(name: str, folder: Path, gpu: Gpu | None, why: str, profile: ModelProfile | None = None) -> ModelChoice:
    threads = (profile and profile.threads) or cores()
    return ModelChoice(name, folder, "cuda" if gpu else "cpu", why, profile, threads)
