"""A whole class on tiny-gpt2: is a result lost or mixed up, how long does it take, does memory grow with the class?

It takes hours, and may be stopped and run again: what was graded is kept in build/, until that folder is deleted.
Then the same batch is run once more, unchanged, which must grade nothing.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import msgspec

from bench.students import SEED, Student, make_class
from bench.verdicts import Verdicts, judge_class
from bench.watch import Memory, read_log, run_watched, sum_up
from grader.batch.journal import Journal
from grader.lab.folders import PROJECT
from grader.results import decode

SIZE = 500
MODEL = "tiny-gpt2"
JOBS = len(os.sched_getaffinity(0))
FINISHED = (0, 3)  # exit codes of a batch that came to its end, without and with a fault of ours


class Classroom(msgspec.Struct, frozen=True):
    """What came of a class.

    `memory` is of the batch's own process and has the seconds of all runs until the class was graded; `trained_s` are
    the seconds of those runs times the jobs in which students' own fine_tune ran, and `trained_share` is their share.
    `again_s` is for the same batch, unchanged; `regraded` are the results and records that are other ones after it.
    """

    size: int
    kinds: dict[str, int]
    forms: dict[str, int]
    jobs: int
    model: str
    memory: Memory
    per_hour: float
    trained_s: float
    trained_share: float
    again_s: float
    regraded: list[str]
    verdicts: Verdicts

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "class",
        "graded in",
        "an hour",
        "lost",
        "mixed up",
        "not as declared",
        "again, unchanged",
        "memory, peak",
        "growth",
    )

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        found = [str(len(one)) for one in (self.verdicts.lost, self.verdicts.mixed_up, self.verdicts.astray)]
        return (
            f"{self.size}",
            f"{self.memory.seconds:.0f} s in {self.memory.runs} runs",
            f"{self.per_hour:.0f}",
            *found,
            f"{self.again_s:.1f} s, {len(self.regraded)} regraded",
            f"{self.memory.peak_mib:.0f} MiB",
            f"{self.memory.growth_mib:+.1f} MiB",
        )


def measure(size: int = SIZE) -> list[Classroom]:
    """Grade a class, or go on with it; return one row once all of it is graded. Raises SystemExit where it is not."""
    root = PROJECT / "build" / f"classroom-{size}"
    students = make_class(root, size)
    out, log = root / "out", root / "memory.jsonl"
    command = [sys.executable, "-m", "grader", "batch", str(root / "class"), "--lab", "week07", "--out", str(out)]
    command += ["--model", MODEL, "--device", "cpu", "--seed", str(SEED), "--jobs", str(JOBS)]
    _require_finished(run_watched(command, log))
    before, begun = _contents(out), time.monotonic()
    _require_finished(subprocess.run(command, cwd=PROJECT, check=False).returncode)
    again_s, after = time.monotonic() - begun, _contents(out)
    with Journal(out) as journal:
        roll = journal.read_roll() or []
    results = {path.parent.name: decode(path.read_bytes()) for path in sorted(out.glob("[!.]*/result.json"))}
    memory = sum_up(read_log(log))
    trained_s = sum(result.training.seconds for result in results.values() if result.training)
    return [
        Classroom(
            size=len(students),
            kinds=_count(students, "kind"),
            forms=_count(students, "form"),
            jobs=JOBS,
            model=MODEL,
            memory=memory,
            per_hour=round(3600 * size / memory.seconds, 1),
            trained_s=round(trained_s, 1),
            trained_share=round(trained_s / (memory.seconds * JOBS), 3),
            again_s=round(again_s, 2),
            regraded=[path for path in sorted(after) if after[path] != before.get(path)],
            verdicts=judge_class(students, results, roll),
        )
    ]


def _contents(out: Path) -> Mapping[str, str]:
    """Return the SHA-256 of each result and of each record of the journal, by its path in `out`.

    They hold the seconds that everything took, so whatever is graded again differs.
    """
    paths = [*out.glob("[!.]*/result.json"), *out.glob(".journal/records/*.json")]
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _require_finished(code: int) -> None:
    if code not in FINISHED:
        raise SystemExit(code)


def _count(students: list[Student], field: str) -> dict[str, int]:
    return dict(sorted(Counter(getattr(student, field) for student in students).items()))
