"""The runs of an experiment: the student's fine_tune in a confined worker, then the judge, as in a grading."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from grader.experiment.data import Data
from grader.experiment.grid import Axis, Cell
from grader.experiment.records import Point, load, save
from grader.lab import Limits
from grader.results import Outcome
from grader.training.judging import Judge
from grader.training.models import ModelChoice, hash_model
from grader.training.numbers import BaseNumbers, Refused, TunedNumbers, mean_loss
from grader.training.run import MODULE, TrainingRun, run_fine_tune
from grader.training.text import style_adoption
from grader.worker import Server

DIGITS = 4
UNIMPORTABLE = f"{MODULE}.py cannot be imported: "


@dataclass(frozen=True)
class Experiment:
    """What all runs share: `root` holds the submission's files, `sha256` is theirs; the points are kept in `path`."""

    server: Server
    root: Path
    sha256: str
    limits: Limits
    choice: ModelChoice
    data: Data
    seed: int
    path: Path
    progress: Callable[[str], None]

    def run(self, cells: Iterable[Cell]) -> list[Point]:
        """Make the runs that are not kept yet; return the points of all. Raises HarnessError, and keeps what it had.

        Where fine_tune takes no keyword of an axis' name, that axis ends with the one point that says so; where it is
        not written or cannot be imported, all ends with the first.
        """
        kept = {(point.key, point.cell): point for point in load(self.path)}
        save(self.path, list(kept.values()))  # where that cannot be done, no run is in vain
        points: list[Point] = []
        closed: set[Axis] = set()
        for cell in cells:
            if cell.axis in closed:
                continue
            point = kept.get((self._key, cell)) or self._run(cell)
            points.append(point)
            kept[self._key, cell] = point
            save(self.path, list(kept.values()))
            if ends_all(point):
                break
            if takes_no_keyword(point):
                closed.add(cell.axis)
        return points

    def _run(self, cell: Cell) -> Point:
        setting = "" if cell.axis is Axis.EXAMPLES else f", {cell.axis.value} {cell.value:g}"
        self.progress(f"{cell.examples} examples{setting}: training")
        rows = self.data.rows(cell.examples, self.seed)
        run = run_fine_tune(self.server, self.root, self.choice, rows, self.limits, cell.settings)
        if run.outcome is not Outcome.PASSED:
            return self._point(cell, run, run.outcome, _why(run))
        judge = Judge(self.server, self.limits, self.choice, self.data.heldout, self.progress)
        base, tuned = judge.measure(rows, run)
        if isinstance(tuned, Refused):
            return self._point(cell, run, Outcome.FAILED, tuned.refused)
        return self._measured(cell, run, base, tuned)

    def _measured(self, cell: Cell, run: TrainingRun, base: BaseNumbers, tuned: TunedNumbers) -> Point:
        markers = self.data.heldout.voice.markers
        adoption = style_adoption(base.answers, markers), style_adoption(tuned.answers, markers)
        return msgspec.structs.replace(
            self._point(cell, run, Outcome.PASSED, ""),
            heldout=_pair(mean_loss(base.heldout), mean_loss(tuned.heldout)),
            trained=_pair(mean_loss(base.pool[: cell.examples]), mean_loss(tuned.trained)),
            adoption=_pair(*adoption) if markers else None,
        )

    def _point(self, cell: Cell, run: TrainingRun, outcome: Outcome, message: str) -> Point:
        return Point(key=self._key, cell=cell, outcome=outcome, seconds=round(run.seconds, 2), message=message)

    @cached_property
    def _key(self) -> str:
        data = [self.data.heldout, self.data.validation]
        facts = [self.sha256, hash_model(self.choice.folder), self.choice.device, self.seed, self.choice.threads, data]
        return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]


def takes_no_keyword(point: Point) -> bool:
    """Tell whether a run ended because fine_tune has no parameter of its axis' name, as Python says it."""
    refused = f"unexpected keyword argument '{point.cell.axis.value}'"
    return point.cell.axis is not Axis.EXAMPLES and point.outcome is Outcome.ERRORED and refused in point.message


def ends_all(point: Point) -> bool:
    """Tell whether no other run could come to more: fine_tune is not written, or its module cannot be imported."""
    unwritten = point.cell.axis is Axis.EXAMPLES and point.outcome is Outcome.NOT_ATTEMPTED
    return unwritten or point.message.startswith(UNIMPORTABLE)


def _why(run: TrainingRun) -> str:
    return run.message if run.imported else UNIMPORTABLE + run.error.partition("\n")[0]


def _pair(base: float, tuned: float) -> tuple[float, float]:
    return round(base, DIGITS), round(tuned, DIGITS)
