"""The engine of one machine: a thread waits for each job, and the work is done in the processes that it asks."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack

import psutil

from grader.batch.jobs import Job, Report, Stage, carry_out, require_confinement
from grader.batch.settings import Terms
from grader.grade import Grading, warm_up
from grader.training import ModelChoice
from grader.training.devices import find_gpu
from grader.training.models import memory_gib

MIB = 2**20
NOTICE_SECONDS = 2.0

WarmUp = Callable[[], AbstractContextManager[Grading]]


class LocalEngine:
    """Does jobs with one warm server and one warm pytest process, both started at the first job."""

    def __init__(self, terms: Terms, warm_up: WarmUp, jobs: int) -> None:
        """Use at most `jobs` at once, and what `warm_up` makes ready."""
        self._terms, self._warm_up = terms, warm_up
        self._most, self._training = jobs, gpu_slots(terms.choice) or jobs
        self._open = ExitStack()
        self._grading: Grading | None = None
        self._threads: list[threading.Thread] = []

    def room(self, stage: Stage, running: Sequence[Stage]) -> bool:
        """See Engine.room. The memory that is free must do for one job more than run, each using all that it may.

        What the running ones have taken already is counted twice, so this errs to the safe side. One may always run.
        """
        if len(running) >= self._most or (stage == "training" and running.count("training") >= self._training):
            return False
        needed = (len(running) + 1) * self._terms.lab.spec.limits.memory_mb * MIB
        return not running or bool(psutil.virtual_memory().available >= needed)

    def submit(self, job: Job) -> "Future[Report]":
        """See Engine.submit."""
        grading = self._warm()
        future: Future[Report] = Future()
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                future.set_result(carry_out(grading, job))
            except BaseException as error:
                future.set_exception(error)

        # A daemon: where the batch is stopped, nobody waits for a job whose processes are gone.
        thread = threading.Thread(target=work, name=f"{job.stage} {job.id}", daemon=True)
        thread.start()
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        return future

    def close(self) -> None:
        """See Engine.close. The jobs' own processes and folders are gone with it."""
        self._open.close()
        for thread in self._threads:
            thread.join(NOTICE_SECONDS / len(self._threads))

    def _warm(self) -> Grading:
        if self._grading is None:
            self._grading = self._open.enter_context(self._warm_up())
            require_confinement(self._grading.server.sandbox, "This machine", unconfined=self._terms.unconfined)
        return self._grading


def open_local(terms: Terms, jobs: int | None) -> LocalEngine:
    """Return this machine as an engine, for as many jobs at once as it has cores where nobody says otherwise."""
    cores = len(os.sched_getaffinity(0))
    return LocalEngine(terms, lambda: warm_up(terms.lab, terms.choice, terms.seed, lambda message: None), jobs or cores)


def gpu_slots(choice: ModelChoice | None) -> int | None:
    """Return how many training runs of the model fit into the GPU's free memory; None where they run on the CPU."""
    if choice is None or choice.device == "cpu":
        return None
    gpu = find_gpu()
    return max(1, int(gpu.free_gib / memory_gib(choice.profile))) if gpu and choice.profile else 1
