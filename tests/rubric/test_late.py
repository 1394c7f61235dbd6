"""Lateness costs what lab.toml says, by the time that the platform carries, and nothing where it carries none."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from grader.lab import LatePolicy
from grader.results import Delivery, Person, Result
from grader.rubric.late import apply_late
from tests.rubric.graded import graded

POLICY = LatePolicy.model_validate(
    {"due": datetime.fromisoformat("2026-11-20T23:59:00+01:00"), "grace": 15, "per_day": 10, "cap": 25}
)


def delivered(submitted_at: str | None, *, marked_late: bool = False) -> Result:
    delivery = Delivery(
        source="canvas", people=[Person(name="Ada")], submitted_at=submitted_at, marked_late=marked_late
    )
    return graded(delivery=delivery)


@pytest.mark.parametrize(
    ("submitted_at", "score"),
    [
        ("2026-11-20T23:59:00+01:00", 80),
        ("2026-11-20T22:59:00+00:00", 80),  # the same moment elsewhere
        ("2026-11-21T03:59:00+05:00", 80),
        ("2026-11-21T00:14:00+01:00", 80),  # within the grace
        ("2026-11-21T00:15:00+01:00", 70),  # a day begun after the due time, not after the grace
        ("2026-11-21T23:59:00+01:00", 70),
        ("2026-11-22T00:00:00+01:00", 60),
        ("2027-11-22T00:00:00+01:00", 55),  # at most the cap
    ],
)
def test_days_begun_cost_points_up_to_the_cap(submitted_at: str, score: float) -> None:
    result = apply_late(delivered(submitted_at), POLICY)
    assert (result.score, result.max_score) == (score, 100)


def test_in_time_nothing_is_said_and_late_it_is_said_in_a_sentence() -> None:
    assert apply_late(delivered("2026-11-20T12:00:00Z"), POLICY).late is None
    late = apply_late(delivered("2026-11-22T03:00:00+01:00"), POLICY).late
    assert late is not None
    assert (late.days, late.points) == (2, 20)
    assert late.note.startswith("Handed in 1 d 3 h after the due time, so 2 days late at 10 points a day")
    grace = apply_late(delivered("2026-11-21T00:00:30+01:00"), POLICY).late
    assert grace is not None
    assert "within the 15 minutes of grace" in grace.note


@pytest.mark.parametrize("marked_late", [False, True])
def test_without_a_time_there_is_a_note_and_no_penalty(marked_late: bool) -> None:
    result = apply_late(delivered(None, marked_late=marked_late), POLICY)
    assert result.score == 80
    assert result.late is not None
    assert "carries no time" in result.late.note
    assert ("Canvas marks it as late" in result.late.note) is marked_late


def test_without_a_policy_or_a_delivery_nothing_happens() -> None:
    assert apply_late(delivered("2030-01-01T00:00:00Z"), None).late is None
    assert apply_late(graded(), POLICY).late is None


def test_applying_it_again_takes_nothing_more() -> None:
    once = apply_late(delivered("2026-11-22T03:00:00+01:00"), POLICY)
    assert apply_late(once, POLICY) == once
    assert apply_late(once, None).score == 80


@given(st.datetimes(min_value=datetime(2026, 11, 1), max_value=datetime(2027, 3, 1)), st.floats(0.5, 100))
def test_a_score_never_falls_below_nothing_and_later_never_earns_more(moment: datetime, per_day: float) -> None:
    policy = POLICY.model_copy(update={"per_day": per_day, "cap": 100.0})
    result = apply_late(delivered(f"{moment.isoformat()}+00:00"), policy)
    assert 0 <= result.score <= 80
    assert result.score == pytest.approx(80 - (result.late.points if result.late else 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"due": datetime(2026, 11, 20, 23, 59)},
        {"due": "tomorrow"},
        {"due": 1763679540},
        {"per_day": 0},
        {"per_day": float("nan")},
        {"cap": float("inf")},
        {"grace": -1},
        {"gracious": 1},
    ],
)
def test_a_policy_that_is_unclear_is_refused(wrong: dict[str, object]) -> None:
    """A due time without a zone would be a different moment on every machine."""
    with pytest.raises(ValidationError):
        LatePolicy.model_validate({**POLICY.model_dump(), **wrong})
