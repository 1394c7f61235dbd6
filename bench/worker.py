"""A forked, confined worker that is ready to call a submission, against a fresh process with the same imports."""

import subprocess
import sys

from bench.pairs import Pair, compare
from grader.lab.folders import PROJECT
from grader.worker import Server, WorkerLimits

SUBMISSION = PROJECT / "solutions" / "week00"


def measure() -> list[Pair]:
    """Return the one comparison of this suite. Takes about a minute: each fresh process imports for seconds."""

    def fresh() -> None:
        subprocess.run([sys.executable, "-c", "import grader.worker.preload as p; p.preload('cpu')"], check=True)

    with Server.start() as server:

        def forked() -> None:
            with server.worker(SUBMISSION, WorkerLimits()):
                pass

        return [compare("ready to run a submission", ("forked and confined", forked), ("fresh process", fresh), 5)]
