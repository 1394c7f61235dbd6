"""Wrong submissions of week 07, each the reference with one small mistake, graded by the real plugin.

`grade_mistakes` starts one process that imports the heavy libraries once, and forks a pytest session for each mistake.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from grader.checks import journal
from grader.results import CheckResult, Outcome
from grader.worker.probes import load_model, load_tokenizer

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("labs/week07/tests", "solutions/week07/tests")


@dataclass(frozen=True)
class Mistake:
    """The name of a mistake, the file and the replacements that make it, the check that must fail, and what it says."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    check: str
    says: str

    def write(self, folder: Path) -> None:
        """Write the reference with this mistake into a folder. Raises ValueError where the reference has changed."""
        shutil.copytree(
            ROOT / "solutions/week07", folder, ignore=shutil.ignore_patterns("tests", "heldout", "__pycache__")
        )
        text = (folder / self.file).read_text(encoding="utf-8")
        for old, new in self.changes:
            if old not in text:
                raise ValueError(f"{self.name}: {self.file} no longer holds {old!r}")
            text = text.replace(old, new)
        (folder / self.file).write_bytes(text.encode(errors="surrogateescape"))


def grade_mistakes(mistakes: Sequence[Mistake], folder: Path) -> dict[str, CheckResult]:
    """Run for each mistake the one check that must find it; return what that check decided, by the mistake's name."""
    runs = []
    for number, mistake in enumerate(mistakes):
        mistake.write(folder / str(number))
        runs.append((str(folder / str(number)), "test_" + mistake.check.partition(".")[2]))
    subprocess.run(
        [sys.executable, "-m", "tests.lab.mistakes"], input=json.dumps(runs), text=True, cwd=ROOT, check=True
    )
    return {mistake.name: _decided(Path(run[0]), mistake.check) for mistake, run in zip(mistakes, runs, strict=True)}


def require_found(mistake: Mistake, result: CheckResult) -> None:
    """Assert that the check failed, and that the first thing it tells the student names the mistake."""
    assert result.outcome is Outcome.FAILED, f"{result.outcome}: {result.message}"
    assert mistake.says in f"{result.message}\n{result.hint}"


def _decided(submission: Path, check: str) -> CheckResult:
    events = journal.read(submission.with_suffix(".jsonl"))
    results = {event.result.id: event.result for event in events if isinstance(event, journal.Decided)}
    return results[check]


def _test_file(check: str) -> str:
    return next(
        str(path)
        for folder in TESTS
        for path in (ROOT / folder).glob("test_*.py")
        if f"def {check}(" in path.read_text()
    )


def _run_one(submission: str, check: str) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    # Imported before pytest could rewrite them, and that is meant: the warning would be an error here.
    options = ["--noconftest", "-p", "grader.checks.plugin", "-p", "no:cacheprovider"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # The first example that fails will do here; the lab's own profile takes what it leaves open from this one.
    settings.register_profile("first failure", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("first failure")
    node = f"{_test_file(check)}::{check}"
    pytest.main([*options, "--submission", submission, "--journal", f"{submission}.jsonl", node])


def _run_all(runs: list[tuple[str, str]]) -> None:
    heavy = ("peft", "bitsandbytes", "tokenizers", "datasets", "evaluate", "transformers.trainer")
    for name in (*heavy, "grader.checks.plugin", "grader.checks.oracle", "grader.worker.inprocess"):
        import_module(name)
    load_model(str(ROOT / "fixtures/tiny-gpt2"))
    load_tokenizer(str(ROOT / "fixtures/tiny-gpt2"))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.freeze()  # pytest collects garbage at its end; what the libraries hold would be copied for it
    for submission, check in runs:
        child = os.fork()
        if child == 0:
            try:
                _run_one(submission, check)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _run_all(json.load(sys.stdin))
