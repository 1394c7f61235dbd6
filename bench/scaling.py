"""What a class costs by its size and by the jobs at once, how much memory it takes, and what grading it again costs."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from bench.batch import CORES, require_ours
from bench.sixchecks import write_class, write_lab
from bench.watch import read_log, run_watched, sum_up
from grader.lab.folders import PROJECT

SIZES = (10, 100, 1000, 5000)
MIDDLE = 100
NODES = (1, 2)
GIB = 2**30


class Scale(msgspec.Struct, frozen=True):
    """One class: seconds from start to end, and of the same command again; the memory of the batch's own process."""

    size: int
    engine: str
    jobs: int
    seconds: float
    again_s: float
    peak_mib: float
    growth_mib: float

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "class",
        "engine",
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
            self.engine,
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
        local = [_grade(Path(work) / f"{size}-{jobs}", size, jobs, "processes") for size, jobs in sizes]
        return [*local, *_grade_on_ray(Path(work))]


def _grade_on_ray(work: Path) -> Iterator[Scale]:
    """Grade a class on clusters of one node and of two, a core each, all on this machine; nothing without Ray."""
    if importlib.util.find_spec("ray"):
        for nodes in NODES:
            with _cluster(nodes):
                name = f"Ray, {nodes} node{'s' * (nodes > 1)}"
                yield _grade(work / f"ray-{nodes}", MIDDLE, nodes, name, "--engine", "ray")


@contextmanager
def _cluster(nodes: int) -> Iterator[None]:
    from ray.cluster_utils import Cluster

    each: dict[str, Any] = {"num_cpus": 1, "memory": 8 * GIB}
    cluster = Cluster(initialize_head=True, head_node_args=each)
    os.environ["RAY_ADDRESS"] = cluster.address
    try:
        for _ in range(1, nodes):
            cluster.add_node(**each)
        yield
    finally:
        del os.environ["RAY_ADDRESS"]
        cluster.shutdown()


def _grade(root: Path, size: int, jobs: int, engine: str, *options: str) -> Scale:
    folders = write_class(root / "class", size)
    out, log = root / "out", root / "memory.jsonl"
    command = [sys.executable, "-m", "grader", "batch", str(root / "class"), "--lab", str(write_lab(root))]
    command += ["--out", str(out), "--jobs", str(jobs), *options]
    if code := run_watched(command, log):
        raise SystemExit(code)
    begun = time.monotonic()
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    again_s = time.monotonic() - begun
    require_ours(out, folders)
    memory = sum_up(read_log(log))
    return Scale(size, engine, jobs, memory.seconds, round(again_s, 1), memory.peak_mib, memory.growth_mib)
