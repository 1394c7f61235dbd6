"""Bands tell right from wrong where the runs do, and say so where they do not."""

import random
import tomllib
from pathlib import Path
from statistics import NormalDist

import msgspec
import pytest

from grader.calibrate.bands import separate
from grader.calibrate.odds import find_odds
from grader.calibrate.page import render_page
from grader.calibrate.records import RIGHT, Run, append, drop_outdated, read
from grader.calibrate.statistics import lower_bound, rate_interval
from grader.calibrate.toml import render_toml
from grader.errors import LabError
from grader.results import Outcome
from grader.training.calibration import Band, Calibration, Odds


def run(value: float, kind: str = RIGHT, sample: str = "reference", seed: int = 1, measure: str = "gain") -> Run:
    return Run(key="k", sample=sample, kind=kind, seed=seed, outcome=Outcome.PASSED, values={measure: value})


def test_the_tolerance_bound_holds_back_995_of_1000_further_values_most_times() -> None:
    chance = random.Random(5)
    held = 0
    for _ in range(400):
        bound = lower_bound([[chance.gauss(0, 1) for _ in range(20)]])
        held += 1 - NormalDist().cdf(bound) >= 0.995
    assert held / 400 >= 0.92  # 95 % are promised; 400 trials scatter


def test_submissions_share_their_spread_and_not_their_means() -> None:
    chance = random.Random(6)
    groups = [[mean + chance.gauss(0, 1) for _ in range(3)] for mean in (10, 20, 30, 40)]
    assert 10 - 6 < lower_bound(groups) < 10 - 2


def test_the_bound_is_never_better_than_the_worst_run_and_one_run_is_too_few() -> None:
    assert lower_bound([[5.0] * 19 + [0.0]]) <= 0.0
    assert lower_bound([[1.0] * 20]) == 1.0
    with pytest.raises(ValueError, match="two values"):
        lower_bound([[1.0], [2.0]])


def test_a_wrong_submission_that_is_far_off_does_not_make_a_band_mild() -> None:
    right = [run(5 + seed / 100, seed=seed) for seed in range(20)]
    far = run(-90.0, "gain", "chaffs/explodes")
    assert separate("gain", [*right, far], Band(full=4.0, none=3.0)).band.none == 3.0


def test_to_calibrate_again_changes_no_band() -> None:
    runs = [run(5 + seed / 100, seed=seed) for seed in range(20)] + [run(0.5, "gain", "chaffs/no-eos")]
    once = separate("gain", runs, Band(full=9.0, none=0.2)).band
    assert separate("gain", runs, once).band == once


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [(0, 100, 0.0, 0.0362), (1, 100, 0.00025, 0.0545), (10, 100, 0.0490, 0.1762), (100, 100, 0.9638, 1.0)],
)
def test_the_interval_of_a_rate_is_clopper_and_pearsons(events: int, trials: int, low: float, high: float) -> None:
    # The published values of the exact interval for these counts.
    assert list(rate_interval(events, trials)) == pytest.approx([low, high], abs=1e-4)


def test_full_points_begin_between_the_right_ones_worst_and_the_wrong_ones_best() -> None:
    right = [run(5 + seed / 100, seed=seed) for seed in range(20)]
    wrong = [run(0.5, "gain", "chaffs/no-eos", seed) for seed in range(3)]
    found = separate("gain", [*right, *wrong], Band(full=9.0, none=0.1))
    assert found.separates
    assert 0.5 == found.band.none < found.band.full < found.right < 5
    assert all(found.band.share(each.values["gain"]) == 1 for each in right)
    assert all(found.band.share(each.values["gain"]) == 0 for each in wrong)


def test_a_measure_that_is_better_low_is_mirrored() -> None:
    right = [run(1 + seed / 1000, seed=seed) for seed in range(20)]
    wrong = [run(2.0, "gain", "chaffs/rate-too-high")]
    found = separate("gain", [*right, *wrong], Band(full=1.1, none=2.5))
    assert found.separates
    assert max(each.values["gain"] for each in right) < found.right < found.band.full < found.band.none == 2.0


def test_a_measure_that_cannot_separate_says_so_and_keeps_its_band() -> None:
    right = [run(1.0, seed=1), run(2.0, seed=2), run(3.0, seed=3)]
    before = Band(full=0.9, none=0.1)
    found = separate("gain", [*right, run(2.5, "gain", "chaffs/lucky")], before)
    assert not found.separates
    assert found.band == before


def test_without_a_wrong_sample_of_its_own_a_measure_keeps_where_points_begin() -> None:
    found = separate("gain", [run(5.0, seed=1), run(5.1, seed=2), run(5.2, seed=3)], Band(full=2.0, none=1.0))
    assert found.wrong is None
    assert found.band.none == 1.0


def test_each_right_submission_has_a_bound_of_its_own() -> None:
    low = [run(2.0 + seed / 1000, sample="right/plain", seed=seed) for seed in range(10)]
    high = [run(9.0 + seed / 1000, seed=seed) for seed in range(10)]
    assert separate("gain", [*low, *high], Band(full=1.0, none=0.5)).right > 1.9


def test_odds_count_runs_that_left_no_adapter_as_losses() -> None:
    bands = {"gain": Band(full=1.0, none=0.0)}
    broken = Run(key="k", sample="reference", kind=RIGHT, seed=3, outcome=Outcome.ERRORED, values={})
    found = find_odds([run(2.0), run(0.5, seed=2), broken, run(0.2, "gain", "chaffs/x"), run(3.0, "gain")], bands)
    assert (found.right_runs, found.right_lost, found.wrong_runs, found.wrong_passed) == (3, 2, 2, 1)
    assert found.right_lost_twice_at_most <= found.right_lost_once_at_most


def test_no_error_in_a_hundred_and_twenty_runs_is_under_one_in_a_thousand_twice() -> None:
    found = find_odds([run(2.0, seed=seed) for seed in range(120)], {"gain": Band(full=1.0, none=0.0)})
    assert found.right_lost == 0
    assert found.right_lost_twice_at_most < 0.001


def odds() -> Odds:
    return find_odds([run(5.0)], {"gain": Band(full=1.0, none=0.0)})


def test_the_file_that_is_written_is_the_file_that_is_read() -> None:
    runs = [run(5.0 + seed, seed=seed) for seed in range(5)] + [run(0.1, "gain", 'chaffs/a "quoted" one')]
    separation = separate("gain", runs, Band(full=9.0, none=0.1))
    bands = {"gain": separation.band}
    calibration = Calibration(
        model='mo"del', device="cuda", parameters_m=134.5, seeds=[1, 2], bands=bands, odds=find_odds(runs, bands)
    )
    text = render_toml(calibration, [separation])
    assert msgspec.convert(tomllib.loads(text), Calibration) == calibration


def test_the_page_shows_a_strip_for_each_sample_and_escapes_their_names() -> None:
    runs = [run(5.0 + seed / 100, seed=seed) for seed in range(5)] + [
        run(0.1, "gain", "chaffs/<script>alert(1)</script>")
    ]
    separation = separate("gain", runs, Band(full=9.0, none=0.1))
    calibration = Calibration(model="m", parameters_m=1.0, seeds=[1], bands={"gain": separation.band}, odds=odds())
    page = render_page(calibration, [separation], runs)
    assert page.count("<circle") == 5
    assert page.count("<rect") == 1
    assert "<script" not in page
    assert "does not tell them apart" not in page


def test_a_campaign_that_was_cut_short_goes_on_from_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    append(path, run(1.0))
    append(path, run(2.0, seed=2))
    path.write_bytes(path.read_bytes() + b'{"key":"k","sam')
    assert read(path) == [run(1.0), run(2.0, seed=2)]
    append(path, run(3.0, seed=3))
    assert len(read(path)) == 3


def test_runs_of_samples_that_have_changed_are_dropped_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    old = run(9.0)
    new = [msgspec.structs.replace(run(1.0, seed=seed), key="new") for seed in (2, 1, 3)]
    for each in (old, *new):
        append(path, each)
    drop_outdated(path, new[:2])
    assert [(each.key, each.seed) for each in read(path)] == [("new", 1), ("new", 2), ("new", 3)]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"nonsense\n")
    with pytest.raises(LabError, match=r"runs\.jsonl.*remove the damaged line"):
        read(path)
