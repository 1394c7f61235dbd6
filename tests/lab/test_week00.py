"""The warm-up lab works through the real plugin: two folders make a lab, and it needs none of the large libraries."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.checks import journal
from grader.checks.reports import merge
from grader.lab import find_lab
from grader.results import CheckResult, Outcome

PROJECT = Path(__file__).resolve().parents[2]
LAB = find_lab("week00")


def check(submission: Path, folder: Path) -> dict[str, CheckResult]:
    """Run the lab's visible and hidden checks as a student's machine does; return their results by id."""
    tests = [str(LAB.visible_tests), str(LAB.hidden_tests)]
    command = [sys.executable, "-m", "pytest", *tests, "--submission", str(submission)]
    command += ["--journal", str(folder / "journal.jsonl"), "-p", "grader.checks.plugin", "-p", "no:cacheprovider"]
    command += ["--noconftest", "-q"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    events = list(journal.read(folder / "journal.jsonl"))
    assert events, ended.stdout + ended.stderr
    return merge(event.result for event in events if isinstance(event, journal.Decided))


def test_the_stubs_are_not_attempted(tmp_path: Path) -> None:
    results = check(LAB.folder, tmp_path)
    assert results.keys() == LAB.spec.manifest().keys()
    assert {result.outcome for result in results.values()} == {Outcome.NOT_ATTEMPTED}


def test_the_solution_earns_every_point(tmp_path: Path) -> None:
    assert LAB.solutions
    results = check(LAB.solutions, tmp_path)
    assert {id: result.points for id, result in results.items()} == LAB.spec.manifest()


@pytest.mark.parametrize(
    ("mistake", "failed"),
    [
        ("-(-num_examples // batch_size)|num_examples // batch_size", {"every_example_has_its_step"}),
        ("if batch_size < 1|if batch_size < 0", {"batches_of_nothing_are_refused"}),
        ("fsum(losses) / len(losses)|fsum(losses)", {"mean_of_a_few_losses", "mean_keeps_small_losses"}),
        ("fsum(losses) / len(losses)|fsum(losses) // len(losses)", {"mean_of_a_few_losses", "mean_keeps_small_losses"}),
        ("if not losses|if losses is None", {"mean_of_nothing_is_refused"}),
        ("fsum(losses) / len(losses)|round(fsum(losses) / len(losses), 3)", {"mean_keeps_small_losses"}),
    ],
)
def test_each_mistake_fails_its_check_and_no_other(mistake: str, failed: set[str], tmp_path: Path) -> None:
    assert LAB.solutions
    old, new = mistake.split("|")
    right = (LAB.solutions / "warmup.py").read_text(encoding="utf-8")
    assert right.count(old) == 1
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "warmup.py").write_text(right.replace(old, new), encoding="utf-8")
    results = check(tmp_path / "ada", tmp_path)
    assert {id.partition(".")[2] for id, result in results.items() if result.points == 0} == failed


def test_the_lab_needs_no_torch() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*LAB.folder.rglob("*.py")])
    assert "torch" not in text
    assert LAB.spec.models == {}
