"""Tries samples, several at a time and with one seed after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from grader.grade import choose, warm_up
from grader.lab import Lab
from grader.selftest.kept import KeptTrials
from grader.selftest.records import Selftest, Trial
from grader.selftest.samples import Samples
from grader.selftest.trials import Trials
from grader.worker.folders import OwnedFolder

Progress = Callable[[str], None]

SEEDS_AT_ONCE = 2
"""Each seed has processes of its own: the next one's start while the last samples of one are tried."""


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
    wanted = [(seed, name) for seed in settings.seeds for name in names]
    trials = {(seed, name): trial for seed, name in wanted if (trial := kept.find(name, seed))}
    left = {seed: [name for name in names if (seed, name) not in trials] for seed in settings.seeds}
    counting = Lock()

    def note(trial: Trial) -> None:
        with counting:
            kept.keep(trial)
            trials[trial.seed, trial.name] = trial
            progress(f"{len(trials)} of {len(wanted)}: {trial.name}: {trial.complaint or 'as it must'}")

    with _threads(SEEDS_AT_ONCE) as rounds, _threads(settings.jobs) as pool:

        def try_seed(seed: int) -> None:
            with warm_up(lab, choice, seed, _keep_quiet) as grading, OwnedFolder() as folder:
                for trial in pool.map(Trials(grading, samples, folder).run, left[seed]):
                    note(trial)

        list(rounds.map(try_seed, [seed for seed in settings.seeds if left[seed]]))  # list() has errors raised
    return Selftest(
        lab=lab.name,
        title=lab.spec.title,
        model=choice.name if choice else "",
        checks=list(lab.spec.manifest()),
        trials=[trials[each] for each in wanted],
    )


@contextmanager
def _threads(most: int) -> Iterator[Executor]:
    """Threads that begin nothing more once this is left, as it is by an error or an interrupt."""
    executor = ThreadPoolExecutor(most)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _keep_quiet(message: str) -> None:
    """What each grading is at says nothing here: several run at once."""
