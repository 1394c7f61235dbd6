"""What calibration keeps: one line for each run, so that it resumes and can be looked at years later."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from grader.lines import append_line, read_lines
from grader.results import Outcome, TrainingResult, write_atomically

RIGHT = "right"


class Run(msgspec.Struct, frozen=True):
    """One training run of one sample. `kind` is `right`, or the measure that a wrong one must lose points on.

    `key` is a hash of all that the run depends on but the seed: a run under another key is out of date.
    """

    key: str
    sample: str
    kind: str
    seed: int
    outcome: Outcome
    values: dict[str, float]


def record(key: str, sample: str, kind: str, seed: int, result: TrainingResult) -> Run:
    """Return what is kept of a run: the values of the measures that earn points."""
    values = {name: each.value for name, each in result.measurements.items() if each.points is not None}
    return Run(key=key, sample=sample, kind=kind, seed=seed, outcome=result.outcome, values=values)


def append(path: Path, run: Run) -> None:
    """Add one run."""
    append_line(path, run)


def read(path: Path) -> list[Run]:
    """Return the runs kept so far. Raises LabError for a damaged file."""
    return read_lines(path, Run, "remove the damaged line, or the file to begin anew")


def drop_outdated(path: Path, runs: Iterable[Run]) -> None:
    """Keep the lines of runs under the keys of `runs`, with whatever seed, in the order of their seeds."""
    now = {(run.sample, run.key) for run in runs}
    kept = sorted((run for run in read(path) if (run.sample, run.key) in now), key=lambda run: (run.seed, run.sample))
    write_atomically(path, b"".join(msgspec.json.encode(run) + b"\n" for run in kept))


def values_of(runs: Iterable[Run], measure: str) -> dict[str, list[float]]:
    """Return a measure's values by sample, of the runs that left an adapter."""
    found: dict[str, list[float]] = {}
    for run in runs:
        if measure in run.values:
            found.setdefault(run.sample, []).append(run.values[measure])
    return found
