"""What a kept result depends on: all that decides it, and nothing else."""

import shutil
from pathlib import Path

import pytest

from grader.facts import changed, training_facts
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.training import choose_model


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Week 07 with bands that may be changed."""
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week07", tmp_path / side / "week07")
    return find_lab(str(tmp_path / "labs" / "week07"))


@pytest.mark.parametrize(("model", "differs"), [("tiny-gpt2", True), ("smollm2-135m", False)])
def test_the_bands_of_another_model_change_nothing(lab: Lab, model: str, differs: bool) -> None:
    choice = choose_model(lab, "tiny-gpt2", "cpu")
    before = training_facts(lab, choice, 1)
    assert lab.solutions is not None
    bands = lab.solutions / "calibration" / f"{model}.toml"
    bands.write_text(bands.read_text().replace("full = 0.", "full = 0.9"))
    assert bool(changed(before, training_facts(lab, choice, 1))) is differs


def test_a_run_that_is_noted_beside_the_bands_changes_nothing(lab: Lab) -> None:
    choice = choose_model(lab, "tiny-gpt2", "cpu")
    before = training_facts(lab, choice, 1)
    assert lab.solutions is not None
    with (lab.solutions / "calibration" / "tiny-gpt2.jsonl").open("a") as stream:
        stream.write("{}\n")
    assert changed(before, training_facts(lab, choice, 1)) == []
    assert changed(before, training_facts(lab, choice, 2)) == ["seed was 1 and is 2"]
