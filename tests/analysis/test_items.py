"""What is said of each check over a class, against a library's correlation and against results that mislead."""

import random

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grader.analysis.items import ENOUGH, Item, ItemAnalysis
from grader.results import CheckResult, Outcome, Override, Result, sum_task
from tests.render.sample import SAMPLE

FAILED, PASSED = Outcome.FAILED, Outcome.PASSED


def result(*checks: CheckResult) -> Result:
    return msgspec.structs.replace(SAMPLE, tasks=[sum_task("t", "T", [*checks])])


def check(name: str, outcome: Outcome, *, worth: float = 1.0, hint: str = "Look again.") -> CheckResult:
    points = worth if outcome is PASSED else 0.0
    return CheckResult(id=f"t.{name}", title=name, outcome=outcome, points=points, max_points=worth, hint=hint)


def analyse(*results: Result) -> dict[str, Item]:
    analysis = ItemAnalysis()
    for one in results:
        analysis.add(one)
    return {item.id: item for item in analysis.items}


def marks(*rows: str) -> list[Result]:
    """Results from rows such as `1101`: a check a column."""
    return [
        result(*(check(f"c{place}", PASSED if mark == "1" else FAILED) for place, mark in enumerate(row)))
        for row in rows
    ]


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=3, max_size=40))
def test_discrimination_is_the_correlation_with_the_rest(passed: list[list[bool]]) -> None:
    """Pearson's r of a check with the others' points, as numpy computes it, is the point-biserial correlation."""
    table = np.array(passed, dtype=float)
    rest = table[:, 1:].sum(axis=1)
    assume(0 < table[:, 0].sum() < len(table) and rest.std() > 0)
    [item, *_] = analyse(*marks(*("".join("01"[mark] for mark in row) for row in passed))).values()
    assert item.discrimination == pytest.approx(np.corrcoef(table[:, 0], rest)[0, 1], abs=1e-9)
    assert item.pass_rate == pytest.approx(table[:, 0].mean())


@pytest.mark.parametrize("rows", [("111", "101"), ("010", "001"), ("100", "000")])
def test_where_all_or_none_pass_or_the_rest_is_equal_there_is_no_correlation(rows: tuple[str, ...]) -> None:
    assert analyse(*marks(*rows))["t.c0"].discrimination is None


def test_few_submissions_say_nothing_and_many_do() -> None:
    rows = ["1111", "1110", "0001", "0000"]
    few, many = (analyse(*marks(*rows * times))["t.c0"] for times in (7, 8))
    assert (few.decided, many.decided) == (28, 32)
    assert few.decided < ENOUGH <= many.decided
    assert few.reading == "too few to say"
    assert many.reading == "tells apart very well"


def test_a_check_that_the_able_fail_is_one_to_look_at() -> None:
    assert "look at it" in analyse(*marks(*["0111", "1000"] * 20))["t.c0"].reading


def test_chance_tells_nobody_apart() -> None:
    chance = random.Random(1)
    rows = ["".join(chance.choice("01") for _ in range(12)) for _ in range(600)]
    assert analyse(*marks(*rows))["t.c0"].reading == "hardly tells apart"


def test_what_we_failed_to_decide_is_not_counted() -> None:
    undecided = result(check("c0", Outcome.HARNESS_ERROR), check("c1", PASSED))
    items = analyse(undecided, *marks("11", "00"))
    assert (items["t.c0"].decided, items["t.c1"].decided) == (2, 3)


def test_a_decision_by_hand_does_not_make_a_check_better() -> None:
    override = Override(points_before=0.0, outcome_before=FAILED, comment="generous")
    generous = msgspec.structs.replace(check("c0", PASSED), override=override)
    assert analyse(result(generous, check("c1", FAILED)))["t.c0"].passed == 0


def test_what_is_said_of_a_file_that_cannot_be_imported_is_counted_apart() -> None:
    analysis = ItemAnalysis()
    for one in (result(check("c0", FAILED, hint="lab.py cannot be imported")) for _ in range(3)):
        analysis.add(one, {"t.c0"})
    analysis.add(result(check("c0", FAILED, hint="Sort first.")))
    [item] = analysis.items
    assert (item.decided, item.not_imported, item.usual_feedback) == (4, 3, ("Sort first.", 1))


def test_the_usual_feedback_is_what_most_were_told() -> None:
    said = ["Sort first.", "Count from 1.", "Sort first."]
    items = analyse(*(result(check("c0", FAILED, hint=hint)) for hint in said), *marks("1"))
    assert items["t.c0"].usual_feedback == ("Sort first.", 2)
    assert analyse(*marks("1"))["t.c0"].usual_feedback is None
