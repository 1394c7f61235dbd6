"""The reference's training run on smollm2-135m, against the lesson's template and against what the machine can do."""

import os
import statistics
import subprocess
import sys
from typing import ClassVar, TypeVar

import msgspec

from grader.lab.folders import PROJECT
from grader.training.devices import cores
from grader.worker.environment import server_environment

MODEL = "smollm2-135m"
ROUNDS = 3
Printed = TypeVar("Printed")


class Trained(msgspec.Struct, frozen=True):
    """One way to train on the same rows.

    `floor32` and `floor16` say how many times the floor its median is: 4 FLOP for each parameter and token (forward,
    and backward to the activations, for LoRA needs no gradient of the base), at the rate at which this machine
    multiplied matrices in float32 and bfloat16 in the same process. Its own padding is not work that must be done, so
    the tokens are those of the rows.
    """

    name: str
    median_s: float
    least_s: float
    most_s: float
    times_ours: float
    loss_before: float
    loss_after: float
    adoption: float
    floor32: float
    floor16: float

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "training",
        "median",
        "least to most",
        "times ours",
        "held-out loss",
        "answers in the voice",
        "times the float32 floor",
        "times the bfloat16 floor",
    )

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return (
            self.name,
            f"{self.median_s:.1f} s",
            f"{self.least_s:.1f} to {self.most_s:.1f} s",
            f"{self.times_ours:.1f}",
            f"{self.loss_before:.2f} → {self.loss_after:.2f}",
            f"{self.adoption:.0%}",
            f"{self.floor32:.1f}",
            f"{self.floor16:.1f}",
        )


class Found(msgspec.Struct, frozen=True):
    """What `bench.trainings` prints: seconds by way, what came of each, and the floor's ingredients."""

    seconds: dict[str, list[float]]
    losses: dict[str, tuple[float, float]]
    adoption: dict[str, float]
    flop: float
    rate32: float
    rate16: float


def measure() -> list[Trained]:
    """Train each way in turn in one process, with the settings of a worker: a few minutes."""
    found = run_as_worker("bench.trainings", MODEL, str(ROUNDS), str(cores()), type=Found)
    ours = next(iter(found.seconds))
    return [_row(name, found, ours) for name in found.seconds]


def run_as_worker(module: str, *args: str, type: type[Printed]) -> Printed:
    """Run a module with a worker's environment; return the JSON that it prints last."""
    here = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME", "GRADER_CACHE") if name in os.environ}
    environment = {**server_environment("cpu"), **here, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", module, *args]
    output = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return msgspec.json.decode(output.splitlines()[-1], type=type)


def _row(name: str, found: Found, ours: str) -> Trained:
    seconds = found.seconds[name]
    median = statistics.median(seconds)
    before, after = found.losses[name]
    return Trained(
        name=name,
        median_s=round(median, 2),
        least_s=round(min(seconds), 2),
        most_s=round(max(seconds), 2),
        times_ours=round(
            statistics.median(own / other for own, other in zip(seconds, found.seconds[ours], strict=True)), 2
        ),
        loss_before=round(before, 3),
        loss_after=round(after, 3),
        adoption=round(found.adoption[name], 3),
        floor32=round(median / (found.flop / found.rate32), 2),
        floor16=round(median / (found.flop / found.rate16), 2),
    )
