"""Fetches a model into the user's cache, once: downloaded, verified, converted, and only then moved into its place."""

import contextlib
import fcntl
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.errors import UsageError
from grader.lab import ModelProfile
from grader.training.convert import STEPS
from grader.training.download import Report, bar, download, last_line
from grader.training.models import is_installed, model_folder, verify, write_manifest

CONVERT_SECONDS = 1800


def fetch(name: str, profile: ModelProfile, report: Report) -> Path:
    """Return the folder of a model, fetching it first where it is not yet here.

    A second process that fetches the same model waits for the first. Raises UsageError with the reason where the
    model cannot be had.
    """
    target = model_folder(name, profile)
    if profile.source == "bundled":
        if not is_installed(name, profile):
            raise UsageError(f"The bundled model {name} is missing from {target}; restore it from the repository.")
        return target
    with _sole_fetcher(target):
        if not is_installed(name, profile):
            _fetch_into(target, name, profile, report)
    verify(target)
    return target


def _fetch_into(target: Path, name: str, profile: ModelProfile, report: Report) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}.", ignore_cleanup_errors=True) as folder:
        downloads, built = Path(folder, "downloads"), Path(folder, "model")
        origin, source, gguf = download(profile, downloads, report)
        _convert(source, built, name, gguf, profile.bits, report)
        write_manifest(built, origin)
        if target.exists():
            shutil.rmtree(target)
        built.replace(target)
    report(f"{name} is ready in {target}")


def _convert(source: Path, target: Path, name: str, gguf: str | None, bits: int, report: Report) -> None:
    command = [sys.executable, "-m", "grader.training.convert", str(source), str(target), "--name", name]
    command += ["--bits", str(bits), *(["--gguf", gguf] if gguf else [])]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            for line in process.stdout or ():
                step, _, text = line.strip().partition(" ")
                if step.isdecimal():
                    report(f"converting {name}: {bar(int(step), STEPS)} {text}")
            code = process.wait(CONVERT_SECONDS)
        except BaseException:
            process.kill()
            raise
        errors.seek(0)
        if code:
            raise UsageError(f"{name} could not be converted: {last_line(errors.read())}")


@contextlib.contextmanager
def _sole_fetcher(target: Path) -> Iterator[None]:
    """Hold the model's lock, and clear away what a fetch that was killed had left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in target.parent.glob(f".{target.name}.*"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
        yield
