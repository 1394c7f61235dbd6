"""The runs themselves: each sample with each seed through the student's path and the judge, kept as they come."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.batch.facts import hash_files
from grader.calibrate.records import RIGHT, Run, append, read, record
from grader.errors import HarnessError
from grader.grade import Grading, take_in
from grader.results import Outcome
from grader.selftest.plan import load_plan
from grader.selftest.samples import REFERENCE, Patch, Samples
from grader.training.models import ModelChoice, hash_model
from grader.training.trial import train_once
from grader.worker.folders import OwnedFolder

WRONG_SEEDS = 5
"""Of each wrong sample: its best run counts, and a handful finds it."""


@dataclass(frozen=True)
class Campaign:
    """All runs of one lab and model. `path` is where they are kept."""

    grading: Grading
    choice: ModelChoice
    path: Path

    def run(self, seeds: int, progress: Callable[[str], None]) -> list[Run]:
        """Make the runs that are not kept yet, and return all, those of samples that have changed left out.

        Raises LabError for damaged samples, HarnessError where a run cannot be decided.
        """
        _plan, samples = load_plan(self.grading.lab)
        kept = {(run.key, run.sample, run.seed): run for run in read(self.path)}
        wanted = list(self._list(samples, seeds))
        runs: list[Run] = []
        with OwnedFolder() as folder:
            for number, (sample, kind, seed) in enumerate(wanted, 1):
                progress(f"run {number} of {len(wanted)}: {sample}, seed {seed}")
                runs.append(self._run(samples, folder, sample, kind, seed, kept))
        return runs

    def _list(self, samples: Samples, seeds: int) -> Iterator[tuple[str, str, int]]:
        """Seed by seed, so that a campaign that is stopped early has a little of everything."""
        measures = self._measures()
        chaffs = [(name, (samples.read(name) or Patch()).check) for name in samples.names("chaffs")]
        wrong = [(name, measures[check]) for name, check in chaffs if check in measures]
        right = [(name, RIGHT) for name in (REFERENCE, *samples.names("right"))]
        for seed in range(1, seeds + 1):
            yield from ((name, kind, seed) for name, kind in (*right, *(wrong if seed <= WRONG_SEEDS else [])))

    def _measures(self) -> dict[str, str]:
        tasks = self.grading.lab.spec.tasks
        return {f"{task.name}.{name}": name for task in tasks for name in task.measures}

    def _run(
        self, samples: Samples, folder: Path, sample: str, kind: str, seed: int, kept: dict[tuple[str, str, int], Run]
    ) -> Run:
        built = folder / sample
        if not built.exists():
            samples.build(sample, built)
        grading = self.grading
        with take_in(built, grading.lab) as submission:
            key = self._key(submission.info.sha256)
            if found := kept.get((key, sample, seed)):
                return found
            result = train_once(grading.server, submission.root, grading.lab, self.choice, seed, lambda line: None)
        if result.outcome is Outcome.HARNESS_ERROR:
            raise HarnessError(f"The run of {sample} with seed {seed} could not be decided: {result.message}")
        run = record(key, sample, kind, seed, result)
        append(self.path, run)
        return run

    def _key(self, submission: str) -> str:
        return hashlib.sha256(f"{submission} {self._surroundings}".encode()).hexdigest()[:16]

    @cached_property
    def _surroundings(self) -> str:
        """What all runs depend on alike, read and hashed once: a model has hundreds of megabytes."""
        solutions = self.grading.lab.solutions or self.grading.lab.folder
        return f"{hash_model(self.choice.folder)} {hash_files(solutions, ('heldout',))}"
