"""The training run: calls the student's fine_tune in a worker and takes the adapter it saved, or says why not."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.errors import HarnessError
from grader.lab import Limits
from grader.results import Outcome
from grader.training.history import Record, clean_history
from grader.training.models import ModelChoice
from grader.training.rows import RunRows
from grader.worker import Died, NotAttempted, Server, StudentError, TimedOut, Transport, WorkerLimits

MODULE, FUNCTION = "training", "fine_tune"
TENSORS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PICKLED = ("adapter_model.bin", "adapter_model.pt", "adapter_model.pth")
FULL_MODELS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")
NO_SETTINGS: Mapping[str, float] = {}


@dataclass(frozen=True)
class TrainingRun:
    """How the call of fine_tune ended. `config` and `tensors` are the saved adapter's bytes where there is one.

    `imported` is False where there was no call, for the module's own lines raised, or are no Python.
    """

    outcome: Outcome
    seconds: float
    message: str = ""
    error: str = ""
    history: list[Record] = field(default_factory=list)
    config: bytes = b""
    tensors: bytes = b""
    imported: bool = True


def run_fine_tune(
    server: Server,
    submission: Path,
    choice: ModelChoice,
    rows: RunRows,
    limits: Limits,
    settings: Mapping[str, float] = NO_SETTINGS,
) -> TrainingRun:
    """Train once. Never raises for what the student's code does; HarnessError where the worker cannot start.

    `settings` are keyword arguments beyond the contract: a fine_tune that does not take them raises its TypeError.
    """
    worker = server.worker(submission, WorkerLimits.of(limits), readable=[choice.folder], threads=choice.threads)
    own = choice.profile.train_s if choice.profile else None
    seconds = min(limits.train_s, own) if own else limits.train_s
    try:
        return _train(worker, choice, rows, seconds, settings)
    finally:
        worker.close()


def _train(
    worker: Transport, choice: ModelChoice, rows: RunRows, limit_s: float, settings: Mapping[str, float]
) -> TrainingRun:
    started = time.monotonic()
    train, validation = msgspec.to_builtins(rows.train), msgspec.to_builtins(rows.validation)
    try:
        folder = worker.new_folder("adapter")
        arguments = [str(choice.folder), train, validation, folder]
        keywords = {"seed": rows.student_seed, **settings}
        claimed = worker.call(MODULE, FUNCTION, arguments, keywords, seconds=limit_s)
        seconds = time.monotonic() - started
        saved = worker.collect(folder)
    except HarnessError:
        raise
    except (NotAttempted, StudentError, TimedOut, Died) as fault:
        return describe_failure(fault, time.monotonic() - started, limit_s)
    return _take_adapter(saved, clean_history(claimed), seconds)


def describe_failure(fault: BaseException, seconds: float, limit_s: float) -> TrainingRun:
    """Return the run that a fault of the student's code ended."""
    if isinstance(fault, NotAttempted):
        return TrainingRun(Outcome.NOT_ATTEMPTED, seconds, "fine_tune is not written yet.")
    if isinstance(fault, TimedOut):
        message = f"fine_tune was still running after {limit_s:g} seconds and was stopped; 20 rows take about a minute."
        return TrainingRun(Outcome.TIMED_OUT, seconds, message)
    if isinstance(fault, StudentError) and fault.kind != "ArtifactRefused":
        message = f"fine_tune raised {fault.kind}: {fault.message}"
        error = f"{fault.kind}: {fault.message}\n{fault.traceback}"
        return TrainingRun(Outcome.ERRORED, seconds, message, error=error, imported=not fault.came_of_import)
    return TrainingRun(Outcome.FAILED, seconds, f"fine_tune did not leave an adapter: {fault}", error=str(fault))


def _take_adapter(saved: Mapping[str, bytes], history: list[Record], seconds: float) -> TrainingRun:
    if TENSORS in saved and CONFIG in saved:
        return TrainingRun(Outcome.PASSED, seconds, history=history, config=saved[CONFIG], tensors=saved[TENSORS])
    return TrainingRun(Outcome.FAILED, seconds, _why_no_adapter(saved), history=history)


def _why_no_adapter(saved: Mapping[str, bytes]) -> str:
    names = set(saved)
    if not names:
        return "fine_tune ended but saved nothing into output_dir; end it with model.save_pretrained(output_dir)."
    if TENSORS in names or CONFIG in names:
        missing = CONFIG if TENSORS in names else TENSORS
        if missing == CONFIG or not names & set(PICKLED):
            return f"fine_tune saved no {missing} into output_dir; model.save_pretrained(output_dir) writes both files."
    if names & set(PICKLED):
        return "fine_tune saved its adapter as a pickle, which is never opened; save_pretrained writes safetensors."
    if names & set(FULL_MODELS):
        return "fine_tune saved a full model instead of an adapter; save the PeftModel, before any merge_and_unload."
    deeper = sorted(name for name in names if name.endswith(f"/{TENSORS}"))
    if deeper:
        return f"fine_tune saved its adapter in {deeper[0][:120]}; save it in output_dir itself."
    return f"fine_tune saved no {TENSORS} into output_dir; end it with model.save_pretrained(output_dir)."
