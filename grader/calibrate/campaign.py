"""The runs themselves: each sample with each seed through the student's path and the judge, kept as they come."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

from grader.calibrate.records import RIGHT, Run, append, read, record
from grader.errors import HarnessError
from grader.facts import ROOT, hash_files
from grader.grade import Grading, take_in
from grader.results import Outcome, TrainingResult
from grader.selftest.plan import load_plan
from grader.selftest.samples import REFERENCE, Patch, Samples
from grader.training.judging import MEASURING_CODE as MEASURED_BY
from grader.training.measures import IN_THIS_RUN
from grader.training.models import ModelChoice, hash_model
from grader.training.trial import train_once
from grader.worker.folders import OwnedFolder

ELSEWHERE = f"{REFERENCE}, made in another run"
"""A right adapter that is handed in for a run that it was not made in: it must not pass for this run's."""
ANOTHER = 1_000_000
MEASURING_CODE = (*MEASURED_BY, "measures.py", "numbers.py", "rows.py", "text.py")


@dataclass(frozen=True)
class Planned:
    """A run to make: a sample, under the name that it is kept by, its kind, the seed, and the seed it is judged as."""

    name: str
    sample: str
    kind: str
    seed: int
    judged_as: int | None = None


@dataclass(frozen=True)
class Campaign:
    """All runs of one lab and model, `jobs` at a time. `path` is where they are kept."""

    grading: Grading
    choice: ModelChoice
    path: Path
    jobs: int = 1
    _lock: Lock = field(default_factory=Lock)

    def run(self, seeds: int, progress: Callable[[str], None]) -> list[Run]:
        """Make the runs that are not kept yet, and return all, those of samples that have changed left out.

        Raises LabError for damaged samples, HarnessError where a run cannot be decided.
        """
        _plan, samples = load_plan(self.grading.lab)
        kept = {(run.key, run.sample, run.seed): run for run in read(self.path)}
        wanted = list(self._plan(samples, seeds))
        runs: list[Run] = []
        with OwnedFolder() as folder, ThreadPoolExecutor(self.jobs) as pool:
            for run in pool.map(lambda planned: self._run(samples, folder, planned, kept), wanted):
                runs.append(run)
                progress(f"{len(runs)} of {len(wanted)} runs: {run.sample}, seed {run.seed}")
        return runs

    def _plan(self, samples: Samples, seeds: int) -> Iterator[Planned]:
        """Seed by seed, so that a campaign that is stopped early has a little of everything."""
        measures = self._measures()
        chaffs = [(name, (samples.read(name) or Patch()).check) for name in samples.names("chaffs")]
        wrong = [(name, measures[check]) for name, check in chaffs if check in measures]
        right = [REFERENCE, *samples.names("right")]
        for seed in range(1, seeds + 1):
            yield from (Planned(name, name, RIGHT, seed) for name in right)
            if IN_THIS_RUN in measures.values():
                yield Planned(ELSEWHERE, REFERENCE, IN_THIS_RUN, seed, judged_as=seed + ANOTHER)
            yield from (Planned(name, name, kind, seed) for name, kind in wrong)

    def _measures(self) -> dict[str, str]:
        tasks = self.grading.lab.spec.tasks
        return {f"{task.name}.{name}": name for task in tasks for name in task.measures}

    def _run(self, samples: Samples, folder: Path, planned: Planned, kept: dict[tuple[str, str, int], Run]) -> Run:
        built = folder / planned.sample
        with self._lock:
            if not built.exists():
                samples.build(planned.sample, built)
        with take_in(built, self.grading.lab) as submission:
            key = self._key(submission.info.sha256)
            if found := kept.get((key, planned.name, planned.seed)):
                return found
            result = self._train(submission.root, planned)
        if result.outcome is Outcome.HARNESS_ERROR:
            raise HarnessError(f"{planned.name} with seed {planned.seed} could not be decided: {result.message}")
        run = record(key, planned.name, planned.kind, planned.seed, result)
        with self._lock:
            append(self.path, run)
        return run

    def _train(self, root: Path, planned: Planned) -> TrainingResult:
        server, lab = self.grading.server, self.grading.lab
        seed, judged_as = planned.seed, planned.judged_as
        return train_once(server, root, lab, self.choice, seed, lambda line: None, judged_as=judged_as)

    def _key(self, submission: str) -> str:
        return hashlib.sha256(f"{submission} {self._surroundings}".encode()).hexdigest()[:16]

    @cached_property
    def _surroundings(self) -> str:
        """What all runs depend on alike, read and hashed once: a model has hundreds of megabytes."""
        solutions = self.grading.lab.solutions or self.grading.lab.folder
        code = hash_files(ROOT / "training", MEASURING_CODE)
        return f"{hash_model(self.choice.folder)} {hash_files(solutions, ('heldout',))} {code}"
