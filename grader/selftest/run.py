"""Tries samples, several at a time and with one seed after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.grade import choose, warm_up
from grader.lab import Lab
from grader.selftest.kept import KeptTrials
from grader.selftest.records import Selftest, Trial
from grader.selftest.samples import Samples
from grader.selftest.trials import Trials
from grader.training import ModelChoice
from grader.worker.folders import OwnedFolder

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """With what to try: a model of the lab, the seeds, and how many samples at a time."""

    model: str
    device: str
    seeds: list[int]
    jobs: int


def run_selftest(
    lab: Lab, samples: Samples, names: list[str], settings: Settings, path: Path, progress: Progress
) -> Selftest:
    """Try the samples with each seed, but for those whose trial is kept in the file `path` and still holds.

    Raises LabError, UsageError and HarnessError.
    """
    choice = choose(lab, settings.model, settings.device)
    kept = KeptTrials(path, lab, choice, samples)
    trials: list[Trial] = []
    for seed in settings.seeds:
        before = {name: trial for name in names if (trial := kept.find(name, seed))}
        left = [name for name in names if name not in before]
        trials += before.values()
        for trial in _try(lab, choice, samples, left, seed, settings.jobs) if left else []:
            kept.keep(trial)
            trials.append(trial)
            verdict = trial.complaint or "as it must"
            progress(f"{len(trials)} of {len(names) * len(settings.seeds)}: {trial.name}: {verdict}")
    return Selftest(
        lab=lab.name,
        title=lab.spec.title,
        model=choice.name if choice else "",
        checks=list(lab.spec.manifest()),
        trials=trials,
    )


def _try(
    lab: Lab, choice: ModelChoice | None, samples: Samples, names: list[str], seed: int, jobs: int
) -> Iterator[Trial]:
    with warm_up(lab, choice, seed, _keep_quiet) as grading, OwnedFolder() as folder:
        yield from _in_parallel(Trials(grading, samples, folder), names, jobs)


def _keep_quiet(message: str) -> None:
    """What each grading is at says nothing here: several run at once."""


def _in_parallel(runner: Trials, names: list[str], jobs: int) -> Iterator[Trial]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(runner.run, names)
