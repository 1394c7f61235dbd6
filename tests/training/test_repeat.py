"""A narrow run is repeated once with another seed, and the better of the two counts."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from grader.lab import Lab
from grader.lab.folders import PROJECT
from grader.results import Measure, Outcome, TrainingResult
from grader.training import train_and_judge
from grader.training.models import ModelChoice
from grader.training.repeat import choose_better, earned, is_narrow, second_seed
from grader.worker import Server


def run(*points: float, seconds: float = 2.0, message: str = "") -> TrainingResult:
    measures = {f"m{i}": Measure(title="", value=0.0, points=each, max_points=4.0) for i, each in enumerate(points)}
    told = {"why_this_model": "", "seconds": seconds, "outcome": Outcome.PASSED, "message": message}
    return TrainingResult(model="m", device="cpu", measurements=measures, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("points", "narrow"),
    [((4, 4), False), ((4, 3.9), True), ((0.1, 3.9), True), ((0, 4), False), ((0, 3.9), False), ((), False)],
)
def test_a_run_is_narrow_where_it_lost_points_but_nowhere_all(points: tuple[float, ...], narrow: bool) -> None:
    assert is_narrow(run(*points)) is narrow


def test_a_run_that_one_unlucky_measure_brought_down_is_narrow() -> None:
    """The secret rows bound all others: where they alone fell short, each measure lost its points for that."""
    unlucky = run(0, 0, 0)
    measures = unlucky.measurements
    for name, margin in (("m0", -0.2), ("m1", 0.5), ("m2", 0.0)):
        measures[name] = msgspec.structs.replace(measures[name], margin=margin)
    assert is_narrow(unlucky)
    measures["m1"] = msgspec.structs.replace(measures["m1"], margin=-0.1)
    assert not is_narrow(unlucky)


def test_measures_for_information_do_not_make_a_run_narrow() -> None:
    result = run(4.0)
    result.measurements["latency_s"] = Measure(title="", value=1.0)
    assert not is_narrow(result)


def test_the_better_run_counts_and_the_report_tells_of_both() -> None:
    first, second = run(4, 3), run(4, 4, seconds=3.0)
    chosen = choose_better(first, second, 99)
    assert earned(chosen) == 8
    assert chosen.seconds == 5.0
    assert "seed 99" in chosen.message
    assert "7 points" in chosen.message
    assert earned(choose_better(second, first, 99)) == 8


def test_the_second_seed_depends_on_the_first_alone() -> None:
    seeds = [second_seed(seed) for seed in range(1000)]
    assert seeds == [second_seed(seed) for seed in range(1000)]
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.fixture
def strict_lab(lab: Lab, tmp_path: Path) -> Lab:
    """A lab whose held-out loss must fall further than it can for full points, and in which every run is narrow."""
    folder = shutil.copytree(PROJECT / "solutions" / "week07", tmp_path / "week07")
    bands = folder / "calibration" / "tiny-gpt2.toml"
    text, found = re.subn(r"(?m)^heldout_loss = .*$", "heldout_loss = { full = 9.0, none = 0.05 }", bands.read_text())
    assert found == 1
    bands.write_text(text)
    return replace(lab, solutions=folder)


def test_a_narrow_run_trains_twice_and_says_so(
    warm_server: Server, strict_lab: Lab, tiny: ModelChoice, submission: Callable[[str], Path], plain_lora: str
) -> None:
    told: list[str] = []
    result = train_and_judge(warm_server, submission(plain_lora), strict_lab, tiny, 3, told.append)
    assert sum("training" in line for line in told) == 2
    assert "The better one counts." in result.message
    assert result.outcome is Outcome.PASSED
    assert 0 < earned(result) < 20


def test_failing_narrowly_on_purpose_costs_the_class_one_more_run_and_no_more() -> None:
    narrow = run(4, 3)
    message = choose_better(narrow, narrow, 1).message
    assert message.count("repeated once") == 1
