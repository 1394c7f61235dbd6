"""What an instructor keeps beside a class: a roster, a late policy, decisions by hand. None of it costs a grading."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.lab import LatePolicy
from grader.results import Outcome
from tests.batch.classroom import RIGHT, SUMS, Classroom

DECISION = """
[[override]]
submission = "{id}"
check = "{check}"
points = {points}
comment = "Right in spirit."
"""
METADATA = """\
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :email: ada@example.edu
  :created_at: 2026-11-21 23:00:00.000000000 Z
"""


def decide(classroom: Classroom, id: str, points: float, check: str = "warmup.mean_of_a_few_losses") -> None:
    classroom.out.mkdir(exist_ok=True)
    (classroom.out / "overrides.toml").write_text(DECISION.format(id=id, check=check, points=points))


def test_a_decision_changes_the_grade_without_grading_and_outlives_a_regrade(classroom: Classroom) -> None:
    classroom.add("ben", SUMS)
    before = classroom.batch()
    failed = next(c for c in classroom.result("ben").checks() if c.outcome is Outcome.FAILED)
    decide(classroom, "ben", failed.max_points, failed.id)
    decided = classroom.batch()
    assert (len(before.jobs), decided.jobs) == (1, [])
    assert classroom.result("ben").score == 60 + failed.max_points
    assert "Changed since the last run" in decided.printed
    assert f"{failed.id} decided by hand: 0 → {failed.max_points:g} of {failed.max_points:g} points" in decided.printed
    page = (classroom.out / "ben" / "index.html").read_text()
    assert "decided by hand" in page
    assert "Right in spirit." in page
    classroom.add("ben", SUMS + "\n# another attempt\n")
    assert classroom.batch().jobs == ["checks ben"]
    assert classroom.result("ben").score == 60 + failed.max_points
    (classroom.out / "overrides.toml").unlink()
    back = classroom.batch()
    assert back.jobs == []
    assert "decision by hand taken back" in back.printed
    assert classroom.result("ben").score == 60


@pytest.mark.parametrize(
    ("id", "check", "points", "told"),
    [
        ("bem", "warmup.mean_of_a_few_losses", 1, "no submission 'bem'; did you mean 'ben'"),
        ("ben", "warmup.mean_of_few_losses", 1, "no check 'warmup.mean_of_few_losses'; did you mean"),
        ("ben", "warmup.mean_of_a_few_losses", 99, "and 99 are given"),
    ],
)
def test_a_decision_that_fits_nothing_is_refused_before_anything_is_graded(
    classroom: Classroom, id: str, check: str, points: float, told: str
) -> None:
    classroom.add("ben", SUMS)
    decide(classroom, id, points, check)
    with pytest.raises(UsageError, match=told):
        classroom.batch()
    assert not (classroom.out / "ben").exists()


def test_a_decision_over_a_refused_submission_is_said_to_change_nothing(classroom: Classroom) -> None:
    classroom.add("ben", SUMS)
    (classroom.folder / "zoe.zip").write_bytes(b"no zip")
    decide(classroom, "zoe", 5)
    ended = classroom.batch()
    said = "zoe has no result, so the decision over warmup.mean_of_a_few_losses changes nothing."
    assert (ended.code, ended.printed.count(said)) == (0, 1)
    page = (classroom.out / "index.html").read_text()
    assert "no result, so it changes nothing" in page
    assert "Right in spirit." in page
    decide(classroom, "ben", 5)
    assert "changes nothing" not in classroom.batch().printed


def test_lateness_is_taken_off_by_the_platforms_time_and_said(classroom: Classroom) -> None:
    """What the student's own file says of its time is not asked."""
    (classroom.folder / "submission_metadata.yml").write_text(METADATA)
    classroom.add("submission_1", RIGHT)
    policy = LatePolicy(due=datetime.fromisoformat("2026-11-20T23:59:00+00:00"), per_day=10)
    lab = replace(classroom.lab, spec=classroom.lab.spec.model_copy(update={"late": policy}))
    assert classroom.batch(lab=lab).code == 0
    result = classroom.result("ada-lovelace")
    assert (result.score, result.late and result.late.points) == (90, 10)
    assert "after 10 off for lateness" in (classroom.out / "ada-lovelace" / "index.html").read_text()
    assert classroom.batch().jobs == []
    assert classroom.result("ada-lovelace").score == 100


def test_a_roster_names_students_and_lists_who_is_missing(classroom: Classroom, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name,email\nAda Lovelace,ada@example.edu\nGrace Hopper,grace@example.edu\n")
    classroom.add("ada", RIGHT)
    classroom.add("eve", RIGHT)
    printed = classroom.batch(roster=roster).printed
    assert "Grace Hopper: handed in nothing." in printed
    assert "eve: is not on the roster." in printed
    delivery = classroom.result("ada").delivery
    assert delivery is not None
    assert (delivery.people[0].name, delivery.people[0].identifiers) == ("Ada Lovelace", {"email": "ada@example.edu"})
