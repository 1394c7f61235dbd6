"""What a class costs by its size and by the jobs at once, how much memory it takes, and what grading it again costs."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import msgspec

from bench.batch import CORES, require_ours
from bench.sixchecks import write_class, write_lab
from bench.watch import read_log, run_watched, sum_up
from grader.lab.folders import PROJECT

SIZES = (10, 100, 1000, 5000)
MIDDLE = 100


class Scale(msgspec.Struct, frozen=True):
    """One class: seconds from start to end, and of the same command again; the memory of the batch's own process."""

    size: int
    jobs: int
    seconds: float
    again_s: float
    peak_mib: float
    growth_mib: float

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "class",
        "at once",
        "graded in",
        "a submission",
        "again, unchanged",
        "memory, peak",
        "growth",
    )

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return (
            f"{self.size:,}",
            f"{self.jobs}",
            f"{self.seconds:.1f} s",
            f"{1000 * self.seconds / self.size:.0f} ms",
            f"{self.again_s:.1f} s",
            f"{self.peak_mib:.0f} MiB",
            f"{self.growth_mib:+.0f} MiB",
        )


def measure() -> list[Scale]:
    """Grade classes of six checks each: a quarter of an hour on two cores."""
    sizes = [(MIDDLE, jobs) for jobs in range(1, CORES)] + [(size, CORES) for size in SIZES]
    with tempfile.TemporaryDirectory() as work:
        return [_grade(Path(work) / f"{size}-{jobs}", size, jobs) for size, jobs in sizes]


def _grade(root: Path, size: int, jobs: int) -> Scale:
    folders = write_class(root / "class", size)
    out, log = root / "out", root / "memory.jsonl"
    command = [sys.executable, "-m", "grader", "batch", str(root / "class"), "--lab", str(write_lab(root))]
    command += ["--out", str(out), "--jobs", str(jobs)]
    if code := run_watched(command, log):
        raise SystemExit(code)
    begun = time.monotonic()
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    again_s = time.monotonic() - begun
    require_ours(out, folders)
    memory = sum_up(read_log(log))
    return Scale(size, jobs, memory.seconds, round(again_s, 1), memory.peak_mib, memory.growth_mib)
