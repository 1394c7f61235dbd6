"""Broken submissions: what is broken costs its own points, the rest is graded as usual, and nothing is our fault."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.submissions.build import materialize, names, read_patch
from grader.checks.warm import WarmChecks
from grader.grade import Grading
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.selftest.trials import all_told
from grader.training import choose_model
from grader.worker import Server

NAMES = names("wrong")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory, warm_server: Server) -> Iterator[Grading]:
    """Week 07 with tighter limits and fewer examples, on the bundled model."""
    root = tmp_path_factory.mktemp("quick")
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week07", root / side / "week07", ignore=shutil.ignore_patterns("__pycache__"))
    spec = root / "labs" / "week07" / "lab.toml"
    limits = "call_s = 3.0\ncheck_s = 20.0\ntrain_s = 20.0\nexamples = 12\n"
    text = spec.read_text()
    start = text.index("[limits]\n") + len("[limits]\n")
    spec.write_text(text[:start] + limits + text[text.index("\n[[tasks]]") :])
    lab = find_lab(str(root / "labs" / "week07"))
    with WarmChecks(lab, 5) as checks:
        yield Grading(lab, choose_model(lab, "tiny-gpt2", "cpu"), warm_server, checks, 5, lambda message: None)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_broken_costs_its_own_points_and_no_others(quick: Grading, tmp_path: Path, name: str) -> None:
    patch = read_patch(name)
    assert patch is not None
    result = quick.grade(materialize(name, tmp_path / "submission"))
    lost = [check for check in result.checks() if check.points < check.max_points]
    astray = [(check.id, check.message) for check in lost if not check.id.startswith(tuple(patch.loses))]
    assert astray == []
    assert result.harness_faults() == []
    assert result.max_score == 100
    assert patch.hint in all_told(result)


def test_the_lessons_own_settings_are_named_as_poor_convergence(quick: Grading, tmp_path: Path) -> None:
    result = quick.grade(materialize("wrong/lesson-settings", tmp_path / "lesson-settings"))
    assert result.training is not None
    pitfall = result.training.pitfalls[0]
    assert pitfall.code == "poor_convergence"
    assert "optimizer steps" in pitfall.cause
    assert "warm-up" in pitfall.cause
    assert pitfall.cure
    assert result.training.measurements["style_adoption"].points == 0
