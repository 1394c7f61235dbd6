"""Asks the judge, in a trusted worker, and keeps the base model's side of the numbers in the user's cache.

The base side depends on nothing of a submission: it is measured once for a model, its held-out data, the judge's own
code, the library versions, the device and the number of threads, and read back after that.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from grader.errors import HarnessError
from grader.lab import Limits
from grader.results import write_atomically
from grader.training.heldout import Heldout
from grader.training.models import ModelChoice, cache_folder, hash_file, hash_model
from grader.training.numbers import BaseNumbers, Refused, TunedNumbers
from grader.training.rows import RunRows
from grader.training.run import TrainingRun
from grader.worker import Died, Server, StudentError, TimedOut, Worker, WorkerLimits

JUDGE = "grader.training.judge"
JUDGE_SECONDS = 1800.0
MEASURING_CODE = ("judge.py", "losses.py", "answers.py")
LIBRARIES = ("torch", "transformers", "tokenizers", "peft", "bitsandbytes")
Record = TypeVar("Record")


@dataclass(frozen=True)
class Judge:
    """Measures adapters of one model against one lab's held-out data."""

    server: Server
    limits: Limits
    choice: ModelChoice
    heldout: Heldout
    report: Callable[[str], None]

    def measure(self, rows: RunRows, run: TrainingRun) -> tuple[BaseNumbers, TunedNumbers | Refused]:
        """Measure base and tuned. A judge that fails is asked once more; then HarnessError is raised."""
        try:
            return self._measure(rows, run)
        except HarnessError:
            self.report("the judge failed; trying once more")
            return self._measure(rows, run)

    def _measure(self, rows: RunRows, run: TrainingRun) -> tuple[BaseNumbers, TunedNumbers | Refused]:
        limits = WorkerLimits.of(self.limits)
        with self.server.worker(None, limits, readable=[self.choice.folder], threads=self.choice.threads) as worker:
            base = self._measure_base(worker)
            self.report("judging the adapter")
            adapter = {
                "config": worker.put_file("adapter_config.json", run.config),
                "tensors": worker.put_file("adapter_model.safetensors", run.tensors),
            }
            trained = [msgspec.to_builtins(self.heldout.pool[index]) for index in rows.voice]
            nonce = [asdict(row) for row in rows.nonce]
            arguments = [adapter, self._questions(), trained, self._general(), nonce]
            answer = self._ask(worker, "measure_adapter", arguments)
            if isinstance(answer, dict) and "refused" in answer:
                return base, _checked(answer, Refused)
            return base, _checked(answer, TunedNumbers)

    def _measure_base(self, worker: Worker) -> BaseNumbers:
        path = _kept_numbers(self.choice, self.heldout)
        if kept := _read_kept(path):
            return kept
        self.report(f"measuring {self.choice.name} without an adapter, once for all submissions")
        arguments = [self._questions(), msgspec.to_builtins(self.heldout.pool), self._general()]
        base = _checked(self._ask(worker, "measure_base", arguments), BaseNumbers)
        write_atomically(path, msgspec.json.encode(base))
        return base

    def _ask(self, worker: Worker, function: str, arguments: list[Any]) -> object:
        place = [str(self.choice.folder), self.choice.device]
        try:
            return worker.call(JUDGE, function, [*place, *arguments], {}, seconds=JUDGE_SECONDS)
        except (StudentError, TimedOut, Died) as fault:
            raise HarnessError(f"The judge failed: {fault}") from fault

    def _questions(self) -> list[Any]:
        return [{"input": row.input, "output": row.output} for row in self.heldout.questions]

    def _general(self) -> list[str]:
        return [line.text for line in self.heldout.general]


def _checked(answer: object, kind: type[Record]) -> Record:
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        raise HarnessError(f"The judge's numbers are not what they should be: {error}.") from error


def _kept_numbers(choice: ModelChoice, heldout: Heldout) -> Path:
    here = Path(__file__).parent
    facts = {
        "model": hash_model(choice.folder),
        "heldout": hashlib.sha256(msgspec.json.encode([heldout.questions, heldout.pool, heldout.general])).hexdigest(),
        "code": [hash_file(here / name) for name in MEASURING_CODE],
        "libraries": {name: _version(name) for name in LIBRARIES},
        "device": choice.device,
        "threads": choice.threads,
        "processor": _processor(),
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return cache_folder() / "base" / f"{choice.name}-{key[:32]}.json"


def _read_kept(path: Path) -> BaseNumbers | None:
    """Return numbers kept earlier, or None: a file that is missing, damaged or of an older form is measured anew."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BaseNumbers)
    except (OSError, msgspec.MsgspecError):
        return None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """Name the processor: another one may round otherwise."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part"))), "")
