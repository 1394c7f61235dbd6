"""What the grader does, counted: figures that are the same on every machine, each with a budget that CI holds it to.

A change that imports a library too early, starts a process more or runs the model twice shows here.
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.training import choose_model
from grader.training.heldout import Heldout, load_heldout
from grader.training.rows import RunRows, draw_rows

SEED = 1
COUNT_MODULES = """
import sys, runpy
try:
    runpy.run_module({module!r}, run_name="__main__")
finally:
    print(len(sys.modules))
"""
# A process that sees only its own kind: the last number given out there is how many were started, threads among them.
ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]


class Count(msgspec.Struct, frozen=True):
    """One figure, and the most that it may be."""

    what: str
    count: int
    budget: int

    COLUMNS: ClassVar[tuple[str, ...]] = ("what", "count", "budget")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return self.what, f"{self.count:,}", f"{self.budget:,}"


def measure() -> list[Count]:
    """Count everything: half a minute. Raises CalledProcessError where this machine has no process namespaces."""
    return [*count_imports(), *count_a_grading(), *count_a_training_run()]


def count_imports() -> list[Count]:
    """Modules that are imported before anything happens, and by a student who has formatting checked."""
    formatting = ["labs/week07/tests/test_formatting.py", "--submission", "solutions/week07", "-p", "no:cacheprovider"]
    return [
        Count("modules imported by grader --version", _modules("grader", ["--version"]), 375),
        Count("modules imported by the checks of formatting", _modules("pytest", formatting), 875),
    ]


def count_a_grading() -> list[Count]:
    """Processes and threads of a whole grading of week 00, and the bytes that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "grader", "grade", "solutions/week00", "--lab", "week00", "--seed", str(SEED)]
        script = f"{shlex.join([*command, '--out', folder])} > /dev/null 2>&1 && cut -d ' ' -f 5 /proc/loadavg"
        started = subprocess.run([*ALONE, "sh", "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout
        written = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    helpers = 2  # the shell and cut
    return [
        Count("processes and threads started by a grading of week 00", int(started) - helpers, 13),
        Count("bytes written by it", written, 21_000),
    ]


def processes_can_be_counted() -> bool:
    """Tell whether this machine lets us count processes."""
    return shutil.which("unshare") is not None and subprocess.run([*ALONE, "true"], check=False).returncode == 0


def count_a_training_run() -> list[Count]:
    """Forward passes and their tokens, of the reference's training run on tiny-gpt2 and of the judge."""
    lab = find_lab("week07")
    choice = choose_model(lab, "tiny-gpt2", "cpu")
    heldout = load_heldout(lab, choice.profile)
    rows = draw_rows(heldout, SEED)
    with tempfile.TemporaryDirectory() as folder:
        with _forward_passes() as training:
            _train(lab, choice.folder, rows, Path(folder))
        with _forward_passes() as judging:
            _judge(choice.folder, heldout, rows, Path(folder))
    return [
        Count("forward passes of the reference's training run", training.calls, 63),
        Count("tokens in them", training.tokens, 2_900),
        Count("forward passes of the judge", judging.calls, 40),
        Count("tokens in them, padding too", judging.tokens, 6_000),
    ]


@dataclass
class Passes:
    """Forward passes of a language model and the tokens that went in."""

    calls: int = 0
    tokens: int = 0


@contextmanager
def _forward_passes() -> Iterator[Passes]:
    """Count at the embedding of tokens, which every pass goes through once."""
    import torch

    found, vocabulary = Passes(), 1000

    def count(module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, torch.nn.Embedding) and module.num_embeddings > vocabulary:
            found.calls += 1
            found.tokens += inputs[0].numel()

    handle = torch.nn.modules.module.register_module_forward_pre_hook(count)
    try:
        yield found
    finally:
        handle.remove()


def _train(lab: Lab, model: Path, rows: RunRows, out: Path) -> None:
    from grader.worker.loader import Loader

    loader = Loader(lab.solutions)
    loader.activate()
    try:
        fine_tune = loader.function("training", "fine_tune")
        fine_tune(str(model), msgspec.to_builtins(rows.train), msgspec.to_builtins(rows.validation), out, seed=SEED)
    finally:
        loader.deactivate()


def _judge(model: Path, heldout: Heldout, rows: RunRows, out: Path) -> None:
    from grader.training.judge import measure_adapter

    adapter = {"config": str(out / "adapter_config.json"), "tensors": str(out / "adapter_model.safetensors")}
    questions = [{"input": row.input, "output": row.output} for row in heldout.questions]
    trained = [msgspec.to_builtins(heldout.pool[index]) for index in rows.voice]
    general = [line.text for line in heldout.general]
    measure_adapter(str(model), "cpu", adapter, questions, trained, general, [asdict(row) for row in rows.nonce])


def _modules(module: str, arguments: list[str]) -> int:
    """Return how many modules a command has imported at its end."""
    command = [sys.executable, "-c", COUNT_MODULES.format(module=module), *arguments]
    output = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True).stdout
    return int(output.split()[-1])
