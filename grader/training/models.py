"""The models of a lab and whether each is really there: bundled, converted into the user's cache, or a local folder."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from grader.errors import UsageError
from grader.lab import ModelProfile
from grader.lab.folders import PROJECT

MANIFEST = "grader-manifest.json"
OPTIMIZER_AND_ACTIVATIONS_GIB = 1.5  # of an adapter run with batch 4 and 256 tokens; a CUDA context takes 0.5 of it
OVERHEAD = 1.2  # embeddings and norms stay in 16 bits beside 8-bit weights, and buffers fragment


Device = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class ModelChoice:
    """The model that a training run uses: a plain folder for `from_pretrained`, the device, and why this one.

    `profile` is None for a model given as a path. `threads` are those of the training run and of the judge.
    """

    name: str
    folder: Path
    device: Device
    why: str
    profile: ModelProfile | None
    threads: int = 1


class Manifest(msgspec.Struct, frozen=True):
    """What a converted model folder holds: SHA-256 by file name, and where the weights came from."""

    origin: str
    files: dict[str, str]


def cache_folder() -> Path:
    """Return the user's cache: $GRADER_CACHE, else `grader` under $XDG_CACHE_HOME, else under ~/.cache."""
    if chosen := os.environ.get("GRADER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "grader"


def model_folder(name: str, profile: ModelProfile) -> Path:
    """Return where a model's files lie, or would lie once fetched."""
    return PROJECT / profile.location if profile.source == "bundled" else cache_folder() / "models" / name


def is_installed(name: str, profile: ModelProfile) -> bool:
    """Tell whether a model's folder is complete here. A fetch is atomic, so a manifest means a whole folder."""
    folder = model_folder(name, profile)
    return (folder / ("config.json" if profile.source == "bundled" else MANIFEST)).is_file()


def memory_gib(profile: ModelProfile, bits: int | None = None) -> float:
    """Return the memory, in GiB, that a LoRA run of this model needs: weights at `bits` each, and the run's own."""
    weights = profile.parameters_m * 1e6 * (bits or profile.bits) / 8 / 2**30
    return weights * OVERHEAD + OPTIMIZER_AND_ACTIVATIONS_GIB


def verify(folder: Path) -> None:
    """Check a converted model's files against its manifest. Raises UsageError that names the damaged file."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"{folder} holds no readable {MANIFEST}; delete the folder and fetch the model again."
        ) from error
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or hash_file(path) != expected:
            raise UsageError(f"{path} is missing or damaged; delete {folder} and fetch the model again.")


def write_manifest(folder: Path, origin: str) -> None:
    """Write the manifest of a finished model folder; `origin` says where its weights came from."""
    files = {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.is_file()}
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(Manifest(origin=origin, files=files))))


def read_origin(folder: Path) -> str:
    """Return where a converted model's weights came from."""
    return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest).origin


def hash_file(path: Path) -> str:
    """Return a file's SHA-256 as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_model(folder: Path) -> str:
    """Name the files of a model: by the manifest, which holds their hashes, or by hashing them."""
    if (folder / MANIFEST).is_file():
        return hash_file(folder / MANIFEST)
    files = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".safetensors"})
    return hashlib.sha256("".join(f"{path.name}:{hash_file(path)};" for path in files).encode()).hexdigest()


def open_local(path: Path) -> Path:
    """Return a local model folder, resolved.

    Raises UsageError where it is no Hugging Face model folder, or one whose weights only pickle can read.
    """
    folder = path.resolve()
    try:
        json.loads((folder / "config.json").read_bytes())
    except OSError as error:
        raise UsageError(f"{path} is not a model folder: it holds no config.json.") from error
    except ValueError as error:
        raise UsageError(f"{path / 'config.json'} is not valid JSON.") from error
    if not any(folder.glob("*.safetensors")):
        raise UsageError(f"{path} holds no .safetensors weights; pickled ones are not read.")
    return folder
