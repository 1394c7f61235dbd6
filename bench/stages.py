"""Where the time of one grading goes: the reference on each model that is here, stage by stage."""

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import msgspec

from grader.environment import describe_environment
from grader.grade import Grading, build_result, prepare, take_in, write_result
from grader.lab import find_lab
from grader.training.models import is_installed

MODELS = ("tiny-gpt2", "smollm2-135m")
ROUNDS = 3
BAR = 40


class Stage(msgspec.Struct, frozen=True):
    """One stage of a grading with one model, in seconds, and its share of the whole grading.

    Starting is once for a whole class. `training` is the call of the student's fine_tune alone; `judging` is the rest
    of the run, with the base model's own numbers kept from before, as they are for all but the first of a class.
    """

    model: str
    stage: str
    median_s: float
    least_s: float
    most_s: float
    share: float

    COLUMNS: ClassVar[tuple[str, ...]] = ("model", "stage", "median", "least to most", "share", "")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        span = f"{self.least_s:.2f} to {self.most_s:.2f} s"
        bar = "█" * round(BAR * self.share)
        return self.model, self.stage, f"{self.median_s:.2f} s", span, f"{self.share:.0%}", bar


def measure() -> list[Stage]:
    """Grade the reference three times on each model: some minutes."""
    lab = find_lab("week07")
    here = [name for name in MODELS if is_installed(name, lab.spec.models[name])]
    return [stage for model in here for stage in _measure(model)]


def _measure(model: str) -> Iterator[Stage]:
    begun = time.perf_counter()
    with prepare("week07", model, "cpu", secrets.randbelow(2**31), lambda message: None) as grading:
        found = {"starting, once": [time.perf_counter() - begun]}
        _grade(grading)  # measures the base model's own numbers, once
        for _ in range(ROUNDS):
            for stage, seconds in _grade(grading).items():
                found.setdefault(stage, []).append(seconds)
    medians = {stage: statistics.median(seconds) for stage, seconds in found.items()}
    whole = sum(medians.values()) - medians["starting, once"]
    for stage, times in found.items():
        share = 0.0 if stage == "starting, once" else medians[stage] / whole
        median, least, most = (round(seconds, 3) for seconds in (medians[stage], min(times), max(times)))
        yield Stage(model, stage, median, least, most, round(share, 3))


def _grade(grading: Grading) -> Mapping[str, float]:
    times = [time.perf_counter()]

    def took() -> float:
        times.append(time.perf_counter())
        return times[-1] - times[-2]

    assert grading.lab.solutions is not None
    with take_in(grading.lab.solutions, grading.lab) as submission, tempfile.TemporaryDirectory() as folder:
        stages = {"reading": took()}
        reported = grading.check(submission, {})
        stages["checks"] = took()
        training = grading.train(submission)
        run_s = took()
        assert training is not None
        stages |= {"training": training.seconds, "judging": run_s - training.seconds}
        facts = describe_environment()
        sandbox = grading.server.sandbox
        result = build_result(grading.lab, submission.info, reported, training, sandbox, facts, grading.seed)
        write_result(result, Path(folder))
        stages["report"] = took()
    return stages
