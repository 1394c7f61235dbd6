"""The log that fine_tune returns is a claim: cleaned, capped, and never trusted."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from grader.training.history import MAX_RECORDS, claimed_rates, claimed_steps, clean_history

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)
KEYS = st.one_of(
    st.sampled_from(["step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm"]), st.text(max_size=8)
)


def test_known_numbers_stay_and_everything_else_goes() -> None:
    log = [{"step": 5, "loss": 2.5, "note": "<script>", "grade": 100, "learning_rate": "high"}, "not a record", {}]
    assert clean_history(log) == [{"step": 5.0, "loss": 2.5}]


def test_numbers_that_are_not_finite_become_null() -> None:
    assert clean_history([{"step": 1, "loss": math.nan, "eval_loss": math.inf}]) == [
        {"step": 1.0, "loss": None, "eval_loss": None}
    ]


def test_an_integer_too_large_for_a_float_becomes_null() -> None:
    assert clean_history([{"step": 10**400}]) == [{"step": None}]


def test_a_log_of_a_million_records_is_cut() -> None:
    assert len(clean_history([{"step": 1}] * 1_000_000)) == MAX_RECORDS


def test_a_log_of_less_than_a_step_speaks_of_no_steps() -> None:
    assert claimed_steps(clean_history([{"step": 1 / 3}, {"step": -5}, {"step": None}])) is None
    assert claimed_steps(clean_history([{"step": 2.5}, {"step": -5}])) == 2


def test_what_is_no_list_is_no_log() -> None:
    assert clean_history({"step": 1}) == clean_history(None) == clean_history("log") == []


def test_the_last_step_and_the_rates_are_read_from_the_log() -> None:
    history = clean_history([{"step": 2, "learning_rate": 1e-5}, {"step": 6, "eval_loss": 3.0}])
    assert claimed_steps(history) == 6
    assert claimed_rates(history) == [1e-5]
    assert claimed_steps(clean_history([{"loss": 1.0}])) is None


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=10))
def test_whatever_is_claimed_the_log_is_plain_finite_json(claimed: list[object]) -> None:
    cleaned = clean_history(claimed)
    json.dumps(cleaned, allow_nan=False)
    claimed_steps(cleaned)
    claimed_rates(cleaned)
