"""The chaffs of week 07 (fixtures/submissions/chaffs), each held against the one check that is about its mistake.

`grade_chaffs` starts one process that imports the heavy libraries once, and forks a pytest session for each chaff.
`grader selftest` tries them behind the boundary, on all checks of their task.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from grader.checks import journal
from grader.lab import find_lab
from grader.results import CheckResult, Outcome
from grader.selftest.plan import load_plan
from grader.selftest.samples import Patch
from grader.worker.probes import load_model, load_tokenizer

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("labs/week07/tests", "solutions/week07/tests")
LAB = find_lab("week07")
SAMPLES = load_plan(LAB)[1]


def read_chaff(name: str) -> Patch:
    """Return a chaff's patch."""
    patch = SAMPLES.read(name)
    assert patch is not None
    return patch


def chaffs_of(*tasks: str) -> list[str]:
    """Return the chaffs about these tasks, but for those that only the judged training run shows."""
    tests = {f"{task.name}.{check}" for task in LAB.spec.tasks for check in (*task.visible, *task.hidden)}
    checks = {name: read_chaff(name).check for name in SAMPLES.names("chaffs")}
    return [name for name, check in checks.items() if check in tests and check.partition(".")[0] in tasks]


def grade_chaffs(names: Sequence[str], folder: Path) -> dict[str, CheckResult]:
    """Run for each chaff the one check that must find it; return what that check decided, by the chaff's name."""
    checks = {name: read_chaff(name).check for name in names}
    runs = {name: SAMPLES.build(name, folder / str(number)) for number, name in enumerate(names)}
    run_checks([(runs[name], [find_test(checks[name])]) for name in names])
    return {name: decided(runs[name])[checks[name]] for name in names}


def run_checks(runs: Sequence[tuple[Path, list[str]]]) -> None:
    """Run tests (or files of tests) on each submission, up to the first that fails; `decided` tells what came of it."""
    wanted = [(str(submission), tests) for submission, tests in runs]
    # What a student asks of the hub is not there in a grading either.
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "tests.lab.mistakes"]
    subprocess.run(command, input=json.dumps(wanted), text=True, cwd=ROOT, env=offline, check=True)


def decided(submission: Path) -> dict[str, CheckResult]:
    """Return the results of the checks that ran on a submission, by id."""
    return journal.results(_journal(submission))


def find_test(check: str) -> str:
    """Return the node of a check's test."""
    name = "test_" + check.partition(".")[2]
    files = (path for folder in TESTS for path in (ROOT / folder).glob("test_*.py"))
    return next(f"{path}::{name}" for path in files if f"def {name}(" in path.read_text())


def require_found(name: str, result: CheckResult) -> None:
    """Assert that the check did not pass, and that the first thing it tells the student names the mistake."""
    # A mistake that makes a library raise is told in the library's words.
    assert result.outcome in (Outcome.FAILED, Outcome.ERRORED), f"{result.outcome}: {result.message}"
    assert read_chaff(name).hint in f"{result.message}\n{result.hint}"


def _journal(submission: Path) -> Path:
    return submission.with_name(f"{submission.name}.jsonl")


def _run_one(submission: Path, tests: list[str]) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    # Imported before pytest could rewrite them, and that is meant: the warning would be an error here.
    options = ["-x", "--noconftest", "-p", "grader.checks.plugin", "-p", "no:cacheprovider"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # The first example that fails will do here; the lab's own profile takes what it leaves open from this one.
    settings.register_profile("first failure", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("first failure")
    pytest.main([*options, "--submission", str(submission), "--journal", str(_journal(submission)), *tests])


def _run_all(runs: list[tuple[str, list[str]]]) -> None:
    heavy = ("peft", "bitsandbytes", "tokenizers", "datasets", "evaluate", "transformers.trainer")
    for name in (*heavy, "grader.checks.plugin", "grader.checks.oracle", "grader.worker.inprocess"):
        import_module(name)
    load_model(str(ROOT / "fixtures/tiny-gpt2"))
    load_tokenizer(str(ROOT / "fixtures/tiny-gpt2"))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.freeze()  # pytest collects garbage at its end; what the libraries hold would be copied for it
    for submission, tests in runs:
        child = os.fork()
        if child == 0:
            try:
                _run_one(Path(submission), tests)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _run_all(json.load(sys.stdin))
