"""The throughput of `grader batch` on a class, against a process a submission as other graders have it.

Ours grades the whole class. Of the peers, a few submissions are timed in every round, and the seconds are scaled to the
class by the better of two ways: one after the other, or as many at once as there are cores. Start-up is in all figures,
and every grade is compared with what it must be.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec

from bench.peers import Grade, Peer, find_peers
from bench.sixchecks import SIX, Work, expected_passes, write_class, write_lab
from grader import __version__
from grader.lab.folders import PROJECT
from grader.results import Outcome, decode

SIZE = 100
ROUNDS = 2
CORES = len(os.sched_getaffinity(0))
OURS = "grader batch"


class Throughput(msgspec.Struct, frozen=True):
    """Seconds of one grader; None where it is not installed.

    `alone_s` is for a single submission and `at_once_s` for as many as there are cores, at the same time, divided by
    their number; `class_s` is for the class; `graded` is how many submissions were graded to find that out. `times` is
    how often the class of ours fits into `class_s`.
    """

    grader: str
    version: str
    size: int
    graded: int = 0
    scaled: bool = True
    alone_s: float | None = None
    at_once_s: float | None = None
    class_s: float | None = None
    times: float | None = None

    COLUMNS: ClassVar[tuple[str, ...]] = ("grader", "one", f"one of {CORES} at once", "class", "how", "times ours")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        if self.class_s is None:
            return self.grader, "–", "–", "–", "not installed", "–"
        seconds = [f"{value:.2f} s" if value is not None else "–" for value in (self.alone_s, self.at_once_s)]
        how = f"scaled from {self.graded} to {self.size}" if self.scaled else f"measured, {self.size}"
        return f"{self.grader} {self.version}", *seconds, f"{self.class_s:.1f} s", how, f"{self.times:.1f}"


@dataclass
class Times:
    """What was measured of one grader, in seconds."""

    alone: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def measure(size: int = SIZE) -> list[Throughput]:
    """Grade a class of `size` with ours, and a part of it with each peer, in turn; ours is the first row."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        folders = write_class(root / "class", size)
        write_class(root / "one", 1)
        lab, peers = write_lab(root), find_peers(root / "peers", SIX)
        times = {name: Times() for name in (OURS, *(peer.name for peer in peers if peer.grade))}
        warm_up(folders[0], peers)
        for turn in range(ROUNDS):
            out = root / f"out-{turn}"
            times[OURS].alone.append(run_batch(root / "one", lab, out / "one"))
            times[OURS].whole.append(run_batch(root / "class", lab, out / "class"))
            require_ours(out / "class", folders)
            for peer in peers:
                if peer.grade:
                    _time_peer(times[peer.name], peer.name, peer.grade, folders, turn)
    ours = statistics.median(times[OURS].whole)
    return [_our_row(times[OURS], size), *(_row(peer, times.get(peer.name), size, ours) for peer in peers)]


def warm_up(folder: Path, peers: Sequence[Peer]) -> None:
    """Let each peer read its files from disk and compile them once; ours shares the libraries with them."""
    for peer in peers:
        if peer.grade:
            peer.grade(folder)


def require_ours(out: Path, folders: Sequence[Path], work: Work = SIX) -> None:
    """Raise RuntimeError where the results in `out` are not those that the class of these folders must get."""
    for number, folder in enumerate(folders):
        result = decode((out / folder.name / "result.json").read_bytes())
        _require(OURS, number, sum(check.outcome is Outcome.PASSED for check in result.checks()), work)


def run_batch(folder: Path, lab: Path, out: Path) -> float:
    """Grade a folder of submissions; return the seconds."""
    command = [sys.executable, "-m", "grader", "batch", str(folder), "--lab", str(lab), "--out", str(out)]
    begun = time.perf_counter()
    subprocess.run(command, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _time_peer(times: Times, name: str, grade: Grade, folders: Sequence[Path], turn: int) -> None:
    """Time one submission, then as many as there are cores; other ones in each round."""
    first, *others = [(turn * (CORES + 1) + place) % len(folders) for place in range(CORES + 1)]
    times.alone.append(grade_at_once(name, grade, folders, [first], SIX))
    times.at_once.append(grade_at_once(name, grade, folders, others, SIX))


def grade_at_once(name: str, grade: Grade, folders: Sequence[Path], numbers: Sequence[int], work: Work) -> float:
    """Grade these submissions at the same time; return the seconds for each of them."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        begun = time.perf_counter()
        passed = list(pool.map(lambda number: grade(folders[number]), numbers))
        seconds = (time.perf_counter() - begun) / len(numbers)
    for number, count in zip(numbers, passed, strict=True):
        _require(name, number, count, work)
    return seconds


def _require(grader: str, number: int, passed: int, work: Work) -> None:
    """Raise RuntimeError where a grader came to another result than it must: its seconds would mean nothing."""
    if passed != (expected := expected_passes(number, work)):
        raise RuntimeError(f"{grader}: submission {number} passed {passed} checks, and not {expected}.")


def _our_row(times: Times, size: int) -> Throughput:
    alone, whole = statistics.median(times.alone), statistics.median(times.whole)
    return Throughput(OURS, __version__, size, size, False, round(alone, 2), None, round(whole, 2), 1.0)


def _row(peer: Peer, times: Times | None, size: int, ours: float) -> Throughput:
    if times is None:
        return Throughput(peer.name, peer.version, size)
    alone, at_once = statistics.median(times.alone), statistics.median(times.at_once)
    whole = size * min(alone, at_once)
    return Throughput(
        grader=peer.name,
        version=peer.version,
        size=size,
        graded=ROUNDS * (1 + CORES),
        alone_s=round(alone, 2),
        at_once_s=round(at_once, 2),
        class_s=round(whole, 1),
        times=round(whole / ours, 1),
    )
