"""The engine of many machines: Ray (https://docs.ray.io) gives jobs to its nodes, and again where a node has died.

Its cluster is the one that RAY_ADDRESS names or that runs on this machine, else one of this machine alone is started.
"""

import os
import socket
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from grader.batch import node
from grader.batch.jobs import Job, Report, Stage
from grader.batch.local import MIB, gpu_slots
from grader.batch.settings import Terms
from grader.errors import HarnessError, UsageError
from grader.grade import take_in

CONNECT_SECONDS = 10.0
MOST_NODES_LOST = 3
"""How often a job is begun anew because its node died, before that is held to be the job's fault."""


class RayEngine:
    """Does jobs on a cluster's nodes. Each takes a core, a submission's memory and, in training, a share of a GPU."""

    def __init__(self, terms: Terms, jobs: int | None) -> None:
        """Connect to the cluster; do at most `jobs` at once. Raises UsageError where it could never do one."""
        self._terms, self._most = terms, jobs
        self._ray = _connect()
        self._shared = _shared(terms)
        self._needs: dict[Stage, dict[str, float]] = {stage: self._amounts(stage) for stage in ("checks", "training")}
        try:
            for stage, needs in self._needs.items():
                if stage == "checks" or terms.choice:
                    self._refuse_to_wait_forever(stage, needs)
        except UsageError:
            self.close()
            raise
        self._task = self._ray.remote(node.carry_out_parcel)

    def room(self, stage: Stage, running: Sequence[Stage]) -> bool:
        """See Engine.room. Where memory or GPUs are short, Ray itself lets jobs wait."""
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        return len(running) < min(cores, self._most or cores)

    def submit(self, job: Job) -> "Future[Report]":
        """See Engine.submit."""
        parcel = node.Parcel(terms=self._shared, job=job, archive=self._pack(job))
        needs = self._needs[job.stage]
        task = self._task.options(
            num_cpus=needs["CPU"], num_gpus=needs.get("GPU", 0), memory=needs["memory"], max_retries=MOST_NODES_LOST
        )
        answer: Future[bytes] = task.remote(msgspec.msgpack.encode(parcel)).future()
        future: Future[Report] = Future()
        future.set_running_or_notify_cancel()
        answer.add_done_callback(lambda done: _pass_on(done, future))
        return future

    def close(self) -> None:
        """See Engine.close. The cluster goes on, unless it was started for this batch."""
        self._ray.shutdown()

    def _pack(self, job: Job) -> bytes:
        with take_in(Path(job.path), self._terms.lab) as submission:
            return node.pack(submission.root)

    def _amounts(self, stage: Stage) -> dict[str, float]:
        amounts: dict[str, float] = {"CPU": 1, "memory": self._terms.lab.spec.limits.memory_mb * MIB}
        choice = self._terms.choice
        if stage == "training" and choice and choice.device == "cuda":
            amounts["GPU"] = 1 / (gpu_slots(choice) or 1)
        return amounts

    def _refuse_to_wait_forever(self, stage: Stage, needs: dict[str, float]) -> None:
        """Ray lets a job that no node can ever take wait without a word."""
        for one in self._ray.nodes():
            if one["Alive"] and all(one["Resources"].get(name, 0) >= amount for name, amount in needs.items()):
                return
        gib = needs["memory"] / 2**30
        gpu = f", {needs['GPU']:.2g} GPU" if "GPU" in needs else ""
        raise UsageError(
            f"No node of the Ray cluster can take a job of the {stage}: it needs 1 CPU, {gib:.1f} GiB of memory{gpu} "
            "(see `ray status`)."
        )


def _connect() -> Any:  # noqa: ANN401 - the module, which is imported only here
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError("--engine ray needs Ray: pip install -c constraints.txt -e '.[ray]'.") from error
    address = os.environ.get("RAY_ADDRESS")
    if address and not _answers(address):
        raise HarnessError(f"No Ray cluster answers at RAY_ADDRESS={address}.")
    try:
        ray.init(address=address or "auto", log_to_driver=False, logging_level="ERROR")
    except ConnectionError:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return ray


def _answers(address: str) -> bool:
    """Tell whether somebody listens there; Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return True  # `auto` and the like: Ray knows
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _shared(terms: Terms) -> node.Terms:
    choice = terms.choice
    model = "" if choice is None else choice.name if choice.profile else str(choice.folder.absolute())
    return node.Terms(
        lab=str(terms.lab.folder.absolute()),
        model=model,
        device=choice.device if choice else "cpu",
        seed=terms.seed,
        checking=terms.checking,
        training=terms.training,
        unconfined=terms.unconfined,
    )


def _pass_on(done: "Future[bytes]", future: "Future[Report]") -> None:
    try:
        future.set_result(node.read_answer(done.result()))
    except (UsageError, HarnessError) as error:  # a SubmissionError is a UsageError
        future.set_exception(error)
    except Exception as error:
        future.set_exception(HarnessError(f"The cluster gave no result: {str(error).strip().splitlines()[0]}"))
