"""Tries samples, several at a time and with one seed after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grader.grade import choose, warm_up
from grader.lab import Lab
from grader.results import SandboxInfo
from grader.selftest.records import Selftest, Trial
from grader.selftest.samples import Samples
from grader.selftest.trials import Trials
from grader.worker.folders import OwnedFolder

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """With what to try: a model of the lab, the seeds, and how many samples at a time."""

    model: str
    device: str
    seeds: list[int]
    jobs: int


def run_selftest(lab: Lab, samples: Samples, names: list[str], settings: Settings, progress: Progress) -> Selftest:
    """Try the samples with each seed. Raises LabError, UsageError and HarnessError."""
    choice = choose(lab, settings.model, settings.device)
    trials: list[Trial] = []
    sandbox = SandboxInfo(level="none")
    for seed in settings.seeds:
        with warm_up(lab, choice, seed, _keep_quiet) as grading, OwnedFolder() as folder:
            sandbox = grading.server.sandbox
            runner = Trials(grading, samples, folder)
            for trial in _in_parallel(runner, names, settings.jobs):
                trials.append(trial)
                verdict = trial.complaint or "as it must"
                progress(f"{len(trials)} of {len(names) * len(settings.seeds)}: {trial.name}: {verdict}")
    return Selftest(
        lab=lab.name,
        title=lab.spec.title,
        model=choice.name if choice else "",
        sandbox=sandbox,
        checks=list(lab.spec.manifest()),
        trials=trials,
    )


def _keep_quiet(message: str) -> None:
    """What each grading is at says nothing here: several run at once."""


def _in_parallel(runner: Trials, names: list[str], jobs: int) -> Iterator[Trial]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(runner.run, names)
