"""A unit of work, plain data in and plain data out, so that it can be done here or on another machine."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from grader.errors import HarnessError, UsageError
from grader.grade import Grading, take_in
from grader.results import CheckResult, SandboxInfo, TrainingResult
from grader.worker.confine import Level

Stage = Literal["checks", "training"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one submission. `decided` are checks that need not run again."""

    stage: Stage
    id: str
    path: str
    sha256: str
    decided: list[CheckResult] = []


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job: the results of all checks, or the training run; and the confinement it had."""

    sandbox: SandboxInfo
    checks: list[CheckResult] = []
    training: TrainingResult | None = None


class Engine(Protocol):
    """Where jobs are done. A job that fails ends its future with the error."""

    def room(self, stage: Stage, running: Sequence[Stage]) -> bool:
        """Tell whether one more job of a stage may be submitted while those of `running` are at work."""
        ...

    def submit(self, job: Job) -> "Future[Report]":
        """Begin a job. Raises UsageError where it may not be done here, HarnessError where it cannot be begun."""
        ...

    def close(self) -> None:
        """Stop: what is still running is given up."""
        ...


def require_confinement(sandbox: SandboxInfo, machine: str, *, unconfined: bool) -> None:
    """Raise UsageError where a machine cannot confine student code, unless that is allowed."""
    if sandbox.level == Level.PROCESS and not unconfined:
        raise UsageError(
            f"{machine} cannot confine student code (grader doctor says why, and what to do); "
            "pass --allow-unconfined to grade a class that you trust."
        )


def carry_out(grading: Grading, job: Job) -> Report:
    """Do a job. Raises HarnessError, and SubmissionError where the submission can no longer be read."""
    with take_in(Path(job.path), grading.lab) as submission:
        if submission.info.sha256 != job.sha256:
            raise HarnessError(f"{job.path} changed while it was being graded; run the batch again.")
        if job.stage == "training":
            return Report(sandbox=grading.server.sandbox, training=grading.train(submission))
        results = grading.check(submission, {result.id: result for result in job.decided})
        return Report(sandbox=grading.server.sandbox, checks=list(results.values()))
