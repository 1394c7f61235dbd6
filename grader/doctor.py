"""`grader doctor`: is this machine ready, and how to mend what is not. One judge for each fact."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.version import Version
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.results import SandboxInfo
from grader.training.devices import Gpu, find_gpu
from grader.training.status import ModelStatus, model_status
from grader.worker.confine import Level, choose_level, sandbox_info

DISTRIBUTION = "finetune-lab-grader"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_PYTHON = (3, 11)
ENOUGH_MEMORY_GIB = 4.0  # the warm server holds 0.6, a tiny run 0.5, and a run of the 135M model about 2
ENOUGH_DISK_GIB = 1.0  # scratch folders, reports and a converted model of 270 MB
GIB = 2**30
READY = {"bundled", "installed", "downloaded"}  # a model's state is otherwise `missing`, or the command that fetches it


class Verdict(StrEnum):
    """`NOTE` is a limit one can live with; only `BROKEN` keeps the grader from working."""

    OK = "ok"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One line of the examination: what was looked at, what is the case, and how to mend it if it can be better."""

    subject: str
    verdict: Verdict
    fact: str
    mend: str = ""


def print_doctor(lab: str | None, console: Console) -> int:
    """Print the findings; return 1 where something is broken, else 0. Raises LabError for a lab that cannot be read."""
    findings = examine(lab)
    signs = {Verdict.OK: ("✓", "green"), Verdict.NOTE: ("○", "yellow"), Verdict.BROKEN: ("✗", "red")}
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        sign, style = signs[finding.verdict]
        mend = f"\n→ {finding.mend}" if finding.mend else ""
        table.add_row(Text(sign, style=style), Text(finding.subject), Text(finding.fact + mend))
    console.print(table)
    broken = [finding.subject for finding in findings if finding.verdict is Verdict.BROKEN]
    console.print(Text(f"To mend first: {', '.join(broken)}." if broken else "This machine is ready."))
    return 1 if broken else 0


def examine(lab: str | None) -> list[Finding]:
    """Collect the facts of this machine and judge them. Raises LabError for a lab that cannot be read."""
    best = sandbox_info(choose_level("best")) if sys.platform == "linux" else None
    return [
        judge_python(sys.version_info[:3]),
        *judge_packages(_requirements(), _constraints()),
        judge_machine(_cores(), psutil.virtual_memory().available / GIB, _free_disk_gib()),
        judge_gpu(find_gpu()),
        judge_sandbox(best),
        *judge_models(model_status(find_lab(lab))),
        judge_browser(next(filter(None, map(shutil.which, BROWSERS)), None)),
    ]


def judge_python(found: tuple[int, int, int]) -> Finding:
    """Judge the interpreter's version."""
    name = ".".join(map(str, found))
    if found[:2] < OLDEST_PYTHON:
        return Finding("Python", Verdict.BROKEN, name, "install Python 3.11 or newer and make the environment with it")
    return Finding("Python", Verdict.OK, name)


def judge_packages(required: Mapping[str, tuple[Requirement, str | None]], pinned: Mapping[str, str]) -> list[Finding]:
    """Judge the installed libraries: what is missing or too old is broken, what differs from constraints.txt a note.

    `required` holds each requirement with the version that is installed; `pinned` the versions of constraints.txt.
    """
    reinstall = "pip install -c constraints.txt -e ." if pinned else "pip install -e ."
    bad, other = [], []
    for name, (requirement, found) in required.items():
        if found is None:
            bad.append(f"{name} is missing")
        elif not requirement.specifier.contains(found, prereleases=True):
            bad.append(f"{name} {found} is not {requirement.specifier}")
        elif name in pinned and Version(found).public != pinned[name]:
            other.append(f"{name} {found} (tested with {pinned[name]})")
    if not required:
        bad.append(f"{DISTRIBUTION} itself is not installed")
    if bad:
        return [Finding("Libraries", Verdict.BROKEN, "; ".join(bad), reinstall)]
    if other:
        mend = f"for grades that can be repeated exactly: {reinstall}"
        return [Finding("Libraries", Verdict.NOTE, "; ".join(other), mend)]
    return [Finding("Libraries", Verdict.OK, f"all {len(required)} are here")]


def judge_machine(cores: int, memory_gib: float, disk_gib: float) -> Finding:
    """Judge the cores this process may use, the memory that is available and the disk under the temporary folder."""
    fact = f"{cores} cores, {memory_gib:.1f} GiB of memory and {disk_gib:.1f} GiB of disk free"
    if disk_gib < ENOUGH_DISK_GIB:
        mend = f"free {ENOUGH_DISK_GIB:.0f} GiB under {tempfile.gettempdir()}, or set TMPDIR to a larger disk"
        return Finding("Machine", Verdict.BROKEN, fact, mend)
    if memory_gib < ENOUGH_MEMORY_GIB:
        mend = f"the real model wants {ENOUGH_MEMORY_GIB:.0f} GiB; close other programs, or keep to --model tiny-gpt2"
        return Finding("Machine", Verdict.NOTE, fact, mend)
    return Finding("Machine", Verdict.OK, fact)


def judge_gpu(gpu: Gpu | None) -> Finding:
    """Judge CUDA, which nothing needs but the 7B models."""
    if gpu is None:
        return Finding("CUDA", Verdict.NOTE, "none; runs use the CPU, and only the 7B models need more")
    return Finding("CUDA", Verdict.OK, f"{gpu.name}, {gpu.free_gib:.0f} of {gpu.total_gib:.0f} GiB free")


def judge_sandbox(best: SandboxInfo | None) -> Finding:
    """Judge the strongest confinement that holds here; None where this is not Linux."""
    if best is None:
        mend = "practice with pytest works; to grade, use Linux: WSL2 on Windows, a container or a VM on a Mac"
        return Finding("Confinement", Verdict.BROKEN, f"none on {platform.system()}", mend)
    fact = f"{best.level} ({', '.join(best.mechanisms)})"
    if best.level == Level.PROCESS:
        mend = f"for practice only, not for strangers' code; {'; '.join(best.missing)}"
        return Finding("Confinement", Verdict.NOTE, fact, mend)
    return Finding("Confinement", Verdict.OK, fact, "; ".join(best.missing))


def judge_models(statuses: Sequence[ModelStatus]) -> list[Finding]:
    """Judge a lab's models: the bundled ones must be here, the others can be fetched."""
    return [_judge_model(status) for status in statuses]


def _judge_model(status: ModelStatus) -> Finding:
    subject, size = f"Model {status.name}", f"{status.parameters_m:,.0f} M parameters, {status.memory_gib:.1f} GiB"
    if status.state in READY:
        return Finding(subject, Verdict.OK, f"{status.state} ({size})")
    if status.state == "missing":
        return Finding(subject, Verdict.BROKEN, "missing", "fetch this project anew: the model's folder is part of it")
    return Finding(subject, Verdict.NOTE, f"not here yet ({size})", status.state)


def judge_browser(path: str | None) -> Finding:
    """Judge Chromium, which only this project's own browser tests need."""
    if path is None:
        return Finding("Chromium", Verdict.NOTE, "none; the tests of the report's page are skipped", "install chromium")
    return Finding("Chromium", Verdict.OK, path)


def _requirements() -> dict[str, tuple[Requirement, str | None]]:
    """Return what this distribution requires here, extras left out, with the installed versions."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return {}
    parsed = [Requirement(line) for line in lines]
    wanted = [each for each in parsed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return {each.name: (each, _installed(each.name)) for each in wanted}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _constraints(path: Path = PROJECT / "constraints.txt") -> dict[str, str]:
    """Return the exact versions that this project is tested with, or nothing where the file is not there."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pins = (line.partition("#")[0].partition(";")[0].partition("==") for line in lines)
    return {name.strip(): pin.strip() for name, equals, pin in pins if equals}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _free_disk_gib() -> float:
    return shutil.disk_usage(tempfile.gettempdir()).free / GIB
