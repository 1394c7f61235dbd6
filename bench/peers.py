"""The graders that ours is measured against, each as a command that grades one submission in a process of its own.

They are looked for beside the Python that runs the measurement, then on PATH: `pip install --group bench` brings them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from bench.sixchecks import FILE, Work, write_check50, write_otter, write_pytest

SECONDS = 300.0
PASSED = re.compile(r"(\d+) passed")
Grade = Callable[[Path], int]  # a submission's folder → how many of its checks passed


@dataclass(frozen=True)
class Peer:
    """A grader. `grade` is None where it is not installed, and `version` empty."""

    name: str
    version: str
    grade: Grade | None


def find_peers(root: Path, work: Work) -> list[Peer]:
    """Write the checks in each peer's form under `root`, and return the peers."""
    check50, otter = _find("check50"), _find("otter")
    tests, checks = write_pytest(root / "pytest", work), write_check50(root / "check50", work)
    archive = write_otter(root / "otter", work)
    return [
        Peer("a pytest process each", version("pytest"), partial(_grade_with_pytest, tests)),
        Peer("check50", _version(check50), partial(_grade_with_check50, check50, checks) if check50 else None),
        Peer(
            "otter-grader",
            _version(otter),
            partial(_grade_with_otter, otter, archive, set(work.checks)) if otter else None,
        ),
    ]


def _grade_with_pytest(tests: Path, folder: Path) -> int:
    """Plugins are left out: those that happen to be installed here would only slow it down."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(tests)]
    ended = _run(command, folder, PYTHONPATH=str(folder), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    found = PASSED.search(ended.stdout)
    return int(found[1]) if found else _fail(ended)


def _grade_with_check50(command: str, checks: Path, folder: Path) -> int:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place, "results.json")
        options = ["--dev", "--log-level", "error", "--output", "json", "--output-file", str(out)]
        ended = _run([command, str(checks), *options], folder)
        results = json.loads(out.read_bytes())["results"] if out.is_file() else _fail(ended)
    return sum(result["passed"] is True for result in results)


def _grade_with_otter(command: str, archive: Path, checks: Set[str], folder: Path) -> int:
    with tempfile.TemporaryDirectory() as out:
        ended = _run([command, "run", FILE, "--autograder", str(archive), "--output-dir", out, "--no-logo"], folder)
        path = Path(out, "results.json")
        results = json.loads(path.read_bytes())["tests"] if path.is_file() else _fail(ended)
    named = [result for result in results if result["name"].split(" ")[0] in checks]
    return sum(result["score"] == result["max_score"] for result in named)


def _run(command: list[str], folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a grader in a submission's folder, with one thread, as ours has."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | more
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
    )


def _fail(ended: "subprocess.CompletedProcess[str]") -> NoReturn:
    raise RuntimeError(f"{ended.args} graded nothing: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def _find(command: str) -> str | None:
    return shutil.which(command, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def _version(command: str | None) -> str:
    """Return what a command says of its version, its first number with a dot."""
    if command is None:
        return ""
    said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=SECONDS)
    found = re.search(r"\d+(\.\d+)+", said.stdout)
    return found[0] if found else "unknown"
