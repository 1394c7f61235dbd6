"""What a person decides stands over what was graded, through every regrade; what fits nothing is one sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.results import CheckResult, Outcome, Result, decode, encode
from grader.rubric import Decision, adjust, apply_overrides, load_overrides, refuse_misfits, refuse_unknown_submissions
from tests.rubric.graded import MANUAL, SPEC, graded


def decision(**fields: object) -> Decision:
    return Decision.model_validate({"submission": "ada", **fields})


def check(result: Result, id: str = "task.two") -> CheckResult:
    return next(check for check in result.checks() if check.id == id)


def test_points_by_hand_change_the_check_the_task_the_levels_and_the_score() -> None:
    result = apply_overrides(graded(), [decision(check="task.two", points=15, comment="Right in spirit.")])
    assert (check(result).points, check(result).outcome) == (15, Outcome.FAILED)
    assert (result.tasks[0].points, result.score, result.max_score) == (95, 95, 100)
    assert (result.rubric[0].level, result.rubric[0].points) == ("met", 95)
    override = check(result).override
    assert override is not None
    assert (override.comment, override.points_before, override.outcome_before) == ("Right in spirit.", 0, "failed")


def test_full_points_make_it_passed_and_fewer_make_a_passed_one_failed() -> None:
    up = apply_overrides(graded(), [decision(check="task.two", points=20)])
    down = apply_overrides(graded(), [decision(check="task.one", points=5)])
    assert check(up).outcome is Outcome.PASSED
    assert check(down, "task.one").outcome is Outcome.FAILED


def test_a_comment_alone_changes_no_points() -> None:
    result = apply_overrides(graded(), [decision(check="task.two", comment="See me.")])
    assert (result.score, check(result).outcome) == (80, Outcome.FAILED)
    assert check(result).override is not None


def test_a_check_that_we_failed_to_decide_counts_once_a_person_has() -> None:
    before = graded(two=Outcome.HARNESS_ERROR)
    after = apply_overrides(before, [decision(check="task.two", points=10)])
    assert (before.max_score, after.max_score, after.score) == (80, 100, 90)
    assert after.harness_faults() == []


def test_a_line_graded_by_hand_counts_in_neither_sum_until_it_is() -> None:
    waiting = adjust(graded(MANUAL), MANUAL)
    assert (waiting.score, waiting.max_score) == (80, 90)
    assert waiting.rubric[1].level == "not decided"
    done = adjust(graded(MANUAL), MANUAL, None, [decision(rubric="coherent", points=5, comment="Wanders off.")])
    assert (done.score, done.max_score, done.rubric[1].level) == (85, 100, "developing")


def test_a_line_without_points_gets_a_level_and_a_comment() -> None:
    result = apply_overrides(graded(MANUAL), [decision(rubric="spirit", level="met", comment="Lovely.")])
    assert (result.rubric[2].level, result.max_score) == ("met", 90)


def test_a_decision_for_one_stands_over_one_for_everybody() -> None:
    everybody = Decision(submission="*", check="task.two", points=20, comment="The check was wrong.")
    mine = decision(check="task.two", points=3)
    others = decision(submission="bob", check="task.two", points=0)
    assert check(apply_overrides(graded(), [everybody, others])).points == 20
    assert check(apply_overrides(graded(), [mine, everybody])).points == 3


def test_it_is_the_same_however_often_it_is_applied_and_gone_when_it_is_taken_back() -> None:
    decisions = [decision(check="task.two", points=20), decision(check="task.one", points=1, comment="c")]
    once = apply_overrides(graded(), decisions)
    assert apply_overrides(decode(encode(once)), decisions) == once
    assert apply_overrides(once, []) == apply_overrides(graded(), [])


def test_a_regrade_keeps_the_decision_over_the_new_outcome() -> None:
    decisions = [decision(check="task.two", points=12)]
    regraded = apply_overrides(graded(two=Outcome.TIMED_OUT), decisions)
    assert check(regraded).points == 12
    override = check(regraded).override
    assert override is not None
    assert override.outcome_before is Outcome.TIMED_OUT


@given(
    st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.floats(0, 20)), max_size=6),
    st.sampled_from(Outcome),
)
def test_sums_hold_whatever_is_decided(pairs: list[tuple[str, float]], two: Outcome) -> None:
    decisions = [decision(check=f"task.{name}", points=points) for name, points in pairs]
    result = apply_overrides(graded(SPEC, two=two), decisions)
    assert result.score == pytest.approx(sum(task.points for task in result.tasks))
    assert 0 <= result.score <= result.max_score <= 100


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"check": "task.tow", "points": 1}, "no check 'task.tow'; did you mean 'task.two'"),
        ({"rubric": "coherence", "points": 1}, "no rubric line graded by hand 'coherence'; did you mean 'coherent'"),
        ({"rubric": "Works", "points": 1}, "no rubric line graded by hand 'Works'"),
        ({"check": "task.two", "points": 150}, "worth 10 points, and 150 are given"),
        ({"check": "task.two", "points": 10.5}, "worth 10 points, and 10.5 are given"),
        ({"rubric": "spirit", "points": 1}, "worth 0 points, and 1 are given"),
        ({"rubric": "coherent", "comment": "ok"}, "worth 10 points; give it some"),
    ],
)
def test_what_fits_nothing_is_one_sentence(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        refuse_misfits([decision(**wrong)], MANUAL)
    with pytest.raises(UsageError, match=told) as caught:
        apply_overrides(graded(MANUAL), [decision(**wrong)])
    assert str(caught.value).endswith(".")


def test_an_unknown_submission_is_one_sentence() -> None:
    refuse_unknown_submissions([decision(check="x", points=1), Decision(submission="*", check="x", points=1)], ["ada"])
    with pytest.raises(UsageError, match="no submission 'adaa'; did you mean 'ada'"):
        refuse_unknown_submissions([decision(submission="adaa", check="x", points=1)], ["ada", "bob"])


FILE = """
[[override]]
submission = "ada"
check = "task.two"
points = 15
comment = "Right in spirit."

[[override]]
submission = "*"
rubric = "coherent"
points = 10
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "overrides.toml"
    path.write_text(text)
    return path


def test_the_file_is_read_as_written(tmp_path: Path) -> None:
    first, second = load_overrides(write(tmp_path, FILE))
    assert (first.submission, first.check, first.points, first.comment) == ("ada", "task.two", 15, "Right in spirit.")
    assert (second.submission, second.rubric) == ("*", "coherent")
    assert load_overrides(write(tmp_path, "")) == []


def test_one_table_in_place_of_several_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path, '[override]\nsubmission = "ada"\n')
    with pytest.raises(UsageError, match=r"the file: override should be a table for each decision, begun with \[\["):
        load_overrides(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("points = 15", "points = -1", "override 1: points should be a number, 0 or more, not -1"),
        ("points = 10", "points = inf", "override 2: points should be a number, 0 or more, not inf"),
        ("points = 15", "points = nan", "override 1: points should be a number, 0 or more, not nan"),
        ("points = 15", 'points = "many"', "override 1: points should be a number, 0 or more, not 'many'"),
        (
            "points = 15",
            "ponits = 15",
            "override 1 has a key 'ponits', which means nothing here; did you mean 'points'",
        ),
        ("points = 15", "z = 15", "'z', which means nothing here; there is submission, check, rubric, points, level, "),
        ("points = 10", 'level = "good"', 'override 2: level should be "met", "developing" or "not yet", not \'good\''),
        (
            "[[override]]",
            "[[overide]]",
            "the file has a key 'overide', which means nothing here; did you mean 'override'",
        ),
        ('check = "task.two"', "", "name either a check or a rubric line"),
        ('check = "task.two"', 'check = "task.two"\nrubric = "x"', "name either a check or a rubric line"),
        ('check = "task.two"', 'check = "task.two"\nlevel = "met"', "level is for a rubric line"),
        ('submission = "ada"', "", "override 1 has no submission"),
        ('submission = "ada"', 'submission = ""', "override 1: submission should be an id, or"),
        ('submission = "ada"', 'submission = "*"\n', ""),
        ("[[override]]", "[[override", "not valid TOML"),
        ('submission = "*"\nrubric = "coherent"', 'submission = "ada"\ncheck = "task.two"', "2 times over 'task.two'"),
    ],
)
def test_a_damaged_file_is_one_sentence_with_the_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write(tmp_path, FILE.replace(old, new, 1))
    if not told:
        assert len(load_overrides(path)) == 2
        return
    with pytest.raises(UsageError) as caught:
        load_overrides(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "Input should" not in str(caught.value)
