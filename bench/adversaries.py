"""The tricks of bench/tricks against an ordinary autograder, and against ours: who gives points for nothing.

The ordinary one is of the kind that people write and classroom tools run: the tests lie beside the submission, each is
started by a command of its own in that folder, in the process of the student's code, and exit code 0 earns its points.
Both grade week 00. A last group of tricks wants no points: it leaves a process or a file, or reaches the network.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import psutil

from grader.grade import Grading, prepare
from grader.lab.folders import PROJECT

TRICKS = Path(__file__).parent / "tricks"
HONEST = {"a right solution": PROJECT / "solutions" / "week00", "the untouched stub": PROJECT / "labs" / "week00"}
LISTENER = ("127.0.0.1", 47108)
NOTE, DAEMON = Path("/tmp/trick-note"), "trick-daemon"
SECONDS = 30.0
POINTS = {
    "test_every_example_has_its_step": 30,
    "test_batches_of_nothing_are_refused": 20,
    "test_mean_of_a_few_losses": 20,
    "test_mean_of_nothing_is_refused": 10,
    "test_mean_keeps_small_losses": 20,
}
TESTS = """
import math

import pytest
import warmup


@pytest.mark.parametrize("num_examples, batch_size", [(20, 8), (16, 8), (1, 4), (0, 4)])
def test_every_example_has_its_step(num_examples, batch_size):
    expected = math.ceil(num_examples / batch_size)
    assert warmup.steps_per_epoch(num_examples, batch_size) == expected


def test_batches_of_nothing_are_refused():
    with pytest.raises(ValueError):
        warmup.steps_per_epoch(20, 0)


def test_mean_of_a_few_losses():
    expected = 2.0
    assert warmup.mean_loss([3.5, 2.5, 1.5, 0.5]) == pytest.approx(expected)


def test_mean_of_nothing_is_refused():
    with pytest.raises(ValueError):
        warmup.mean_loss([])


def test_mean_keeps_small_losses():
    losses = [0.0004, 0.0002]
    expected = math.fsum(losses) / len(losses)
    assert warmup.mean_loss(losses) == pytest.approx(expected)
"""


class Duel(msgspec.Struct, frozen=True):
    """What one submission got of 100 points from either grader, and what it left of harm."""

    submission: str
    tries: str
    ordinary: float
    ours: float
    ordinary_harm: str
    our_harm: str

    COLUMNS: ClassVar[tuple[str, ...]] = ("submission", "tries", "ordinary pytest", "this grader")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        ordinary, ours = f"{self.ordinary:g}", f"{self.ours:g}"
        if self.ordinary_harm or self.our_harm:
            ordinary, ours = f"{ordinary}; {self.ordinary_harm or 'no harm'}", f"{ours}; {self.our_harm or 'no harm'}"
        return self.submission, self.tries, ordinary, ours


def measure() -> list[Duel]:
    """Let both graders grade every trick, after a right solution and the untouched stub."""
    folders = HONEST | {folder.name: folder for folder in sorted(TRICKS.iterdir())}
    with prepare("week00", "auto", "cpu", 0, lambda message: None) as grading:
        return [_duel(grading, name, folder) for name, folder in folders.items()]


def _duel(grading: Grading, name: str, folder: Path) -> Duel:
    line = (folder / "warmup.py").read_text(encoding="utf-8").partition('"""')[2].partition("\n")[0]
    first = line.strip('"').partition(". ")[0].rstrip(".")
    ordinary, harm = _harmed(lambda: _grade_ordinarily(folder))
    ours, our_harm = _harmed(lambda: grading.grade(folder).score)
    return Duel(name, "" if folder in HONEST.values() else first, ordinary, ours, harm, our_harm)


def _grade_ordinarily(folder: Path) -> float:
    """Grade as classroom tools do: a command a test, points for exit code 0."""
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        shutil.copytree(folder, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        (place / "test_warmup.py").write_text(TESTS)
        shutil.copyfile(PROJECT / "solutions" / "week00" / "warmup.py", place / "reference.py")
        return float(sum(points for test, points in POINTS.items() if _passes(place, test)))


def _passes(place: Path, test: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"test_warmup.py::{test}"]
    done = subprocess.run(
        command,
        cwd=place,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    return done.returncode == 0


def _harmed(grade: Callable[[], float]) -> tuple[float, str]:
    """Grade, and say what was left or reached meanwhile; then put it away."""
    with socket.create_server(LISTENER) as listener:
        listener.setblocking(False)
        points = grade()
        return points, ", ".join(_harm(listener))


def _harm(listener: socket.socket) -> Iterator[str]:
    with contextlib.suppress(BlockingIOError):
        listener.accept()[0].close()
        yield "the network was reached"
    if NOTE.exists():
        NOTE.unlink()
        yield "a file was left"
    left = [process for process in psutil.process_iter(["name"]) if process.info["name"] == DAEMON]
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=10)  # so that it is not found once more in the other grader's turn
    if left:
        yield "a process was left"
