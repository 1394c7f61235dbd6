"""What a person decided and what lateness took is said on every sink, and is text there like any other."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from grader.render.github import render_summary
from grader.render.html import render_report
from grader.render.terminal import print_result
from grader.results import LatePenalty, Outcome, Override, Result, RubricLine
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE

LATE = LatePenalty(due="2026-11-20T23:59:00+01:00", days=2, points=20, note="Handed in 1 d 3 h late: 20 taken off.")


def decided(comment: str) -> Result:
    """The sample with a check and a line decided by hand, and late."""
    task = SAMPLE.tasks[0]
    override = Override(comment=comment, points_before=0.0, outcome_before=Outcome.FAILED)
    check = replace(task.checks[1], points=3.0, outcome=Outcome.PASSED, override=override)
    done = RubricLine(
        criterion="Coherent", level="met", points=0, max_points=0, evidence=[], name="coherent", override=override
    )
    waiting = replace(done, criterion="Relevant", name="relevant", level="not decided", override=None)
    tasks = [replace(task, checks=[task.checks[0], check, *task.checks[2:]]), *SAMPLE.tasks[1:]]
    rubric = [*SAMPLE.rubric, done, waiting]
    return replace(SAMPLE, tasks=tasks, rubric=rubric, late=LATE, score=17.0)


def printed(result: Result) -> str:
    stream = io.StringIO()
    print_result(result, Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_the_page_says_what_was_decided_what_stood_there_and_what_lateness_took() -> None:
    page = render_report(decided("Right in spirit."))
    assert "decided by hand" in page
    assert "By hand: Right in spirit. (before: 0)" in page
    assert "after 20 off for lateness" in page
    assert "Handed in 1 d 3 h late: 20 taken off." in page
    assert "Waits for a person" in page


def test_a_result_without_any_of_it_says_nothing_of_it() -> None:
    page = render_report(SAMPLE)
    assert "by hand" not in page
    assert "lateness" not in page
    assert "In this score too" not in page


def test_terminal_and_summary_say_it_too() -> None:
    result = decided("Right in spirit.")
    for text in (printed(result), render_summary(result)):
        assert "Right in spirit" in text
        assert "20 taken off" in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_comment_is_text_wherever_it_stands(attack: str) -> None:
    """An instructor may paste a student's words into a comment."""
    result = decided(attack)
    page, summary, terminal = render_report(result), render_summary(result), printed(result)
    assert len(page) < 400_000
    for text in (page, summary, terminal):
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script>document" not in page
    assert "<img src=x" not in page
    assert not [line for line in terminal.splitlines() if line.lstrip().startswith("::") or "##[" in line]
