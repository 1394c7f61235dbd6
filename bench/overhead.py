"""What graders add to students' own training: the class of `bench.batch`, with a check more that fine-tunes a model.

The share is what a grading takes beyond the training itself. In ours that is as long as the check that asks for it, as
its result says: our workers train faster than a plain process does, which would hide what we add. For the peers it is
timed in plain processes that have imported everything, as many at once as there are cores.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from bench.batch import CORES, OURS, grade_at_once, require_ours, run_batch, warm_up
from bench.peers import find_peers
from bench.sixchecks import SIX_AND_TRAINING, STEPS, TASK, write_class, write_lab
from grader import __version__
from grader.results import decode

SIZE = 60
ROUNDS = 2
TRAINING = f"""
import sys, time
sys.path.insert(0, ".")
import tools
tools.learns(2)
begun = time.perf_counter()
assert tools.learns({STEPS})
print(time.perf_counter() - begun)
"""


class Overhead(msgspec.Struct, frozen=True):
    """One grader: seconds a submission with all cores at work, of them the training, and the share of all the rest."""

    grader: str
    version: str
    graded: int
    submission_s: float
    training_s: float
    share: float

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "grader",
        "graded",
        "a submission",
        "of it training",
        "the grader's own share",
    )

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        seconds = (f"{self.submission_s:.2f} s", f"{self.training_s:.2f} s")
        return f"{self.grader} {self.version}", f"{self.graded}", *seconds, f"{self.share:.1%}"


def measure(size: int = SIZE) -> list[Overhead]:
    """Grade a class of `size` with ours, and a part of it with each peer, in turn: ten minutes."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        folders = write_class(root / "class", size, SIX_AND_TRAINING)
        lab = write_lab(root, SIX_AND_TRAINING)
        peers = find_peers(root / "peers", SIX_AND_TRAINING)
        warm_up(folders[0], peers)
        plain: list[float] = []
        inside: list[float] = []
        seconds: dict[str, list[float]] = {name: [] for name in (OURS, *(peer.name for peer in peers if peer.grade))}
        for turn in range(ROUNDS):
            out = root / f"out-{turn}"
            numbers = [(turn * CORES + place) % size for place in range(CORES)]
            plain.append(_train([folders[number] for number in numbers]) / CORES)
            seconds[OURS].append(run_batch(root / "class", lab, out) / size)
            require_ours(out, folders, SIX_AND_TRAINING)
            inside.append(statistics.mean(_trained(out / folder.name) for folder in folders) / CORES)
            for peer in peers:
                if peer.grade:
                    taken = grade_at_once(peer.name, peer.grade, folders, numbers, SIX_AND_TRAINING)
                    seconds[peer.name].append(taken)
    versions = {OURS: (__version__, size)} | {peer.name: (peer.version, ROUNDS * CORES) for peer in peers}
    training = dict.fromkeys(seconds, statistics.median(plain)) | {OURS: statistics.median(inside)}
    return [_row(name, *versions[name], statistics.median(times), training[name]) for name, times in seconds.items()]


def _trained(folder: Path) -> float:
    """Return the seconds of the check that trains, in our result of a submission."""
    result = decode((folder / "result.json").read_bytes())
    return next(check.duration_s for check in result.checks() if check.id == f"{TASK}.learns")


def _train(folders: Sequence[Path]) -> float:
    """Return the seconds of one training while as many run as there are folders."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRAINING]
    running = [
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) for folder in folders
    ]
    return statistics.mean(float(process.communicate()[0]) for process in running)


def _row(name: str, version: str, graded: int, submission: float, training: float) -> Overhead:
    return Overhead(
        name, version, graded, round(submission, 3), round(training, 3), round(1 - training / submission, 4)
    )
