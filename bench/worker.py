"""A forked, confined worker that is ready to call a submission, against a fresh process with the same imports."""

import subprocess
import sys

from bench.pairs import Pair, compare
from grader.lab.folders import PROJECT
from grader.worker import Server, WorkerLimits
from grader.worker.confine import Level, reason_against

SUBMISSION = PROJECT / "solutions" / "week00"


def measure() -> list[Pair]:
    """Return one comparison for each level that is good enough for grading and works here: about a minute each."""
    levels = [level for level in Level if level is not Level.PROCESS and reason_against(level) is None]
    return [_compare(level) for level in levels]


def _compare(level: Level) -> Pair:
    def fresh() -> None:
        subprocess.run([sys.executable, "-c", "import grader.worker.preload as p; p.preload('cpu')"], check=True)

    with Server.start(level=level) as server:

        def forked() -> None:
            with server.worker(SUBMISSION, WorkerLimits()):
                pass

        return compare(f"ready and gone at {level}", ("forked and confined", forked), ("fresh process", fresh), 5)
