"""Week 07's samples: they say what they must get, there are enough of them, and the fast subset gets it."""

from pathlib import Path

import pytest

from grader.lab import find_lab
from grader.selftest.plan import choose_samples, load_plan
from grader.selftest.run import Settings, run_selftest

LAB = find_lab("week07")
PLAN, SAMPLES = load_plan(LAB)
FEWEST_RIGHT, FEWEST_CHAFFS = 15, 150


def test_there_are_enough_ways_to_be_right_and_to_be_wrong() -> None:
    assert len(SAMPLES.names("right")) >= FEWEST_RIGHT
    assert len(SAMPLES.names("chaffs")) >= FEWEST_CHAFFS


@pytest.mark.parametrize("name", SAMPLES.names("chaffs"))
def test_a_chaff_declares_a_check_and_a_hint_and_differs_from_the_reference(name: str, tmp_path: Path) -> None:
    patch = SAMPLES.read(name)
    assert patch is not None
    assert patch.wrong
    assert patch.check in LAB.spec.manifest()
    assert patch.hint
    assert LAB.solutions is not None
    built = SAMPLES.build(name, tmp_path / "chaff")
    assert [file for file in LAB.expected_files if (built / file).read_bytes() != (LAB.solutions / file).read_bytes()]


@pytest.mark.parametrize("name", SAMPLES.names("wrong"))
def test_a_broken_sample_says_what_it_may_lose(name: str) -> None:
    patch = SAMPLES.read(name)
    assert patch is not None
    assert patch.loses
    assert all(any(id.startswith(start) for id in LAB.spec.manifest()) for start in patch.loses)


@pytest.mark.slow
def test_the_fast_subset_holds_every_kind_and_gets_what_it_must(tmp_path: Path) -> None:
    names = choose_samples(PLAN, SAMPLES, [], [], fast=True)
    assert {name.partition("/")[0] for name in names} == {"right", "chaffs", "wrong", "hostile"}
    settings = Settings(model="tiny-gpt2", device="cpu", seeds=[1], jobs=2)
    selftest = run_selftest(LAB, SAMPLES, names, settings, tmp_path / "trials.jsonl", lambda message: None)
    assert [(trial.name, trial.complaint) for trial in selftest.failed] == []
    assert [(trial.name, trial.told) for trial in selftest.trials if trial.hinted is False] == []
