"""Numbers → measures with bands and points, and the pitfalls they show."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import LabError
from grader.lab import Lab
from grader.results import Measure, Outcome
from grader.training.calibration import Band, Calibration, load_calibration
from grader.training.heldout import load_heldout
from grader.training.history import clean_history
from grader.training.measures import add_points, measure
from grader.training.models import ModelChoice
from grader.training.numbers import AdapterFacts, BaseNumbers, NonceLosses, NoncePair, TunedNumbers, nonce_gain
from grader.training.pitfalls import find_failure, find_pitfalls
from grader.training.rows import draw_rows
from grader.training.run import TrainingRun
from tests.training.conftest import MEASURES

CALIBRATION = Calibration(
    model="m",
    parameters_m=1.0,
    seeds=[1],
    bands={
        "heldout_loss": Band(full=1.0, none=0.2),
        "style_adoption": Band(full=0.8, none=0.1),
        "nonce_gain": Band(full=0.4, none=0.2),
        "forgetting": Band(full=1.1, none=1.5),
        "repetition": Band(full=0.2, none=0.6),
        "overfitting_gap": Band(full=2.0, none=6.0),
    },
)
ROWS = 10.0
PASSED = TrainingRun(Outcome.PASSED, 1.0)


def numbers(
    lab: Lab, choice: ModelChoice, *, heldout: float = 2.0, trained: float = 2.0, general: float = 3.0,
    own: float = 2.0, answer: str = "Aye, sailor!", moved: float = 0.02,
) -> tuple[BaseNumbers, TunedNumbers]:  # fmt: skip
    """Losses a token of the tuned model; the base has 4.0 on the voice, 3.0 on neutral text, 6.0 on codes."""
    data = load_heldout(lab, choice.profile)
    questions = len(data.questions)
    base = BaseNumbers(
        heldout=[(4.0 * ROWS, ROWS)] * questions,
        pool=[(4.0 * ROWS, ROWS)] * len(data.pool),
        general=[(3.0 * ROWS, ROWS)],
        answers=["Two days."] * questions,
        answer_s=0.1,
        parameters=1_000_000,
    )
    codes = NoncePair(
        base=NonceLosses(own=[(60.0, 10)], others=[(60.0, 10)]),
        tuned=NonceLosses(own=[(own * 10, 10)], others=[(50.0, 10)]),
    )
    tuned = TunedNumbers(
        heldout=[(heldout * ROWS, ROWS)] * questions,
        trained=[(trained * ROWS, ROWS)] * 16,
        general=[(general * ROWS, ROWS)],
        nonce=codes,
        answers=[answer] * questions,
        answer_s=0.1,
        adapter=AdapterFacts(rank=8, layers=4, trainable=10_000, update=0.01, moved=moved),
    )
    return base, tuned


def graded(lab: Lab, choice: ModelChoice, base: BaseNumbers, tuned: TunedNumbers, note: str = "") -> dict[str, Measure]:
    data = load_heldout(lab, choice.profile)
    return add_points(measure(base, tuned, data, draw_rows(data, 1), 4096), CALIBRATION, MEASURES, note)


def test_a_run_beyond_every_band_earns_every_point(lab: Lab, tiny: ModelChoice) -> None:
    found = graded(lab, tiny, *numbers(lab, tiny))
    assert {name: found[name].points for name in MEASURES} == MEASURES
    assert found["heldout_loss"].value == 2.0
    assert found["nonce_gain"].value == 0.6
    assert found["style_adoption"].value == 1.0


def test_a_value_between_the_edges_earns_in_proportion_and_shows_its_margin(lab: Lab, tiny: ModelChoice) -> None:
    found = graded(lab, tiny, *numbers(lab, tiny, heldout=3.4))["heldout_loss"]
    assert (found.band, found.points, found.margin) == ("part", 2.0, -0.4)
    assert "Full points from 1, none at 0.2." in found.note


def test_keeping_what_was_never_touched_earns_nothing(lab: Lab, tiny: ModelChoice) -> None:
    untouched = numbers(lab, tiny, heldout=4.0, trained=4.0, own=5.0, answer="Two days.", moved=0.0)
    found = graded(lab, tiny, *untouched)
    assert sum(found[name].points or 0 for name in MEASURES) == 0
    assert "something was learnt" in found["forgetting"].note


def test_an_adapter_that_does_not_know_this_runs_rows_earns_for_being_there_alone(lab: Lab, tiny: ModelChoice) -> None:
    found = graded(lab, tiny, *numbers(lab, tiny, own=5.0))
    assert {name for name in MEASURES if found[name].points} == {"trained"}
    assert "secret rows" in found["style_adoption"].note
    half = graded(lab, tiny, *numbers(lab, tiny, own=3.5))
    assert half["style_adoption"].points == MEASURES["style_adoption"] / 2


def test_a_broken_model_gains_nothing_by_being_broken_a_little_less_for_one_code(lab: Lab, tiny: ModelChoice) -> None:
    found = graded(lab, tiny, *numbers(lab, tiny, trained=9.0))
    assert (found["nonce_gain"].value, found["nonce_gain"].points) == (0.0, 0.0)


def test_the_nonce_gain_counts_only_what_other_codes_did_not_gain_too() -> None:
    base = NonceLosses(own=[(60, 10)], others=[(60, 10), (60, 10)])
    same = NonceLosses(own=[(30, 10)], others=[(30, 10), (30, 10)])
    assert nonce_gain(NoncePair(base=base, tuned=same)) == 0
    assert nonce_gain(NoncePair(base=base, tuned=msgspec.structs.replace(same, own=[(10, 10)]))) == pytest.approx(2 / 3)


def test_codes_that_cost_nothing_show_no_gain() -> None:
    nothing = NonceLosses(own=[(0, 10)], others=[(0, 10)])
    assert nonce_gain(NoncePair(base=nothing, tuned=nothing)) == 0


def test_a_base_that_speaks_in_the_voice_already_leaves_nothing_to_adopt(lab: Lab, tiny: ModelChoice) -> None:
    base, tuned = numbers(lab, tiny)
    base = msgspec.structs.replace(base, answers=["Aye!"] * len(base.answers))
    assert graded(lab, tiny, base, tuned)["style_adoption"].points == 0


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-100, 100))
def test_a_share_is_never_outside_zero_and_one(full: float, none: float, value: float) -> None:
    if full != none:
        assert 0 <= Band(full=full, none=none).share(value) <= 1


def test_a_model_without_bands_gets_the_nearest_ones_and_a_note(lab: Lab, tiny: ModelChoice) -> None:
    stranger = ModelChoice("mine", tiny.folder, "cpu", "", None)
    small, note = load_calibration(lab, stranger, 2_000_000)
    large, _ = load_calibration(lab, stranger, 100_000_000)
    assert (small.model, large.model) == ("tiny-gpt2", "smollm2-135m")
    assert note == "There are no bands for mine yet; these are tiny-gpt2's."
    assert load_calibration(lab, tiny, 1_000_000)[1] == ""


@pytest.mark.parametrize(
    "text",
    [
        "model = 3",
        "model = 'x'\nparameters_m = 1.0\nseeds = []\n[bands]\nheldout_loss = { full = 1.0, none = 1.0 }",
        "model = 'x'\nparameters_m = 1.0\nseeds = []\n[bands]\nheldout_loss = { full = 1.0, nonne = 0.0 }",
        "not toml",
    ],
)
def test_damaged_bands_are_named_with_their_file(tmp_path: Path, lab: Lab, tiny: ModelChoice, text: str) -> None:
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "x.toml").write_text(text)
    with pytest.raises(LabError, match=r"x\.toml"):
        load_calibration(Lab(lab.spec, lab.folder, tmp_path), tiny, 1)


def pitfalls(lab: Lab, choice: ModelChoice, run: TrainingRun, **losses: float) -> dict[str, str]:
    base, tuned = numbers(lab, choice, **losses)  # type: ignore[arg-type]
    rows = draw_rows(load_heldout(lab, choice.profile), 1)
    found = find_pitfalls(run, tuned, graded(lab, choice, base, tuned), CALIBRATION, rows)
    return {pitfall.code: pitfall.cause for pitfall in found}


def with_log(*records: dict[str, object]) -> TrainingRun:
    return TrainingRun(Outcome.PASSED, 1.0, history=clean_history(list(records)))


def test_a_healthy_run_shows_no_pitfall(lab: Lab, tiny: ModelChoice) -> None:
    assert pitfalls(lab, tiny, PASSED) == {}


def test_a_few_steps_under_a_long_warm_up_are_named_from_the_weights_alone(lab: Lab, tiny: ModelChoice) -> None:
    """The lesson's settings log no rate; six steps that moved the weights by 3e-5 in all give the warm-up away."""
    cause = pitfalls(lab, tiny, with_log({"step": 6, "eval_loss": 3.9}), trained=3.9, moved=3e-5)["poor_convergence"]
    assert "only 6 optimizer steps, and the warm-up is longer than the run" in cause


def test_a_low_rate_over_many_steps_is_named(lab: Lab, tiny: ModelChoice) -> None:
    cause = pitfalls(lab, tiny, with_log({"step": 60, "loss": 3.9}), trained=3.9, moved=6e-5)["poor_convergence"]
    assert "the learning rate is too low" in cause


def test_a_run_without_a_log_is_diagnosed_from_the_weights(lab: Lab, tiny: ModelChoice) -> None:
    cause = pitfalls(lab, tiny, PASSED, trained=3.9, moved=1e-4)["poor_convergence"]
    assert "No entry of B moved by more than 1e-04" in cause


def test_memorised_rows_are_overfitting(lab: Lab, tiny: ModelChoice) -> None:
    assert set(pitfalls(lab, tiny, PASSED, heldout=3.5, trained=0.5)) == {"overfitting"}


def test_rows_known_by_heart_overfit_by_a_finite_number_of_times(lab: Lab, tiny: ModelChoice) -> None:
    found = graded(lab, tiny, *numbers(lab, tiny, heldout=2.0, trained=0.0))["overfitting_gap"]
    assert (found.base, found.tuned, found.value, found.points) == (1.0, 2000.0, 2000.0, 0.0)


def test_a_loss_on_neutral_text_that_grew_is_forgetting(lab: Lab, tiny: ModelChoice) -> None:
    assert set(pitfalls(lab, tiny, PASSED, general=6.0)) == {"catastrophic_forgetting"}


@pytest.mark.parametrize(
    "error", ["CUDA out of memory. Tried to allocate", "MemoryError: ", "DefaultCPUAllocator: can't allocate memory"]
)
def test_every_way_of_saying_out_of_memory_is_known(error: str) -> None:
    run = TrainingRun(Outcome.ERRORED, 1.0, "raised", error=error)
    assert [pitfall.code for pitfall in find_failure(run)] == ["out_of_memory"]
    assert find_failure(TrainingRun(Outcome.ERRORED, 1.0, "raised", error="KeyError: 'x'")) == []
