import re

import msgspec
import pytest
from markdown_it import MarkdownIt

from grader.render.github import render_summary
from grader.results import Outcome, Result, sum_task
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome


def with_many_checks(outcome: Outcome) -> Result:
    first = SAMPLE.tasks[0].checks[1]
    checks = [
        msgspec.structs.replace(first, id=f"formatting.c{i}", title=f"Check {i}", max_points=float(i), outcome=outcome)
        for i in range(30)
    ]
    tasks = [sum_task("formatting", "Formatting", checks)]
    return msgspec.structs.replace(SAMPLE, tasks=tasks)


def test_the_summary_shows_score_steps_and_measures() -> None:
    text = render_summary(SAMPLE)
    assert text.startswith("## ada-lovelace: 28.5/76\n")
    assert "1. The prompt is where training text and generation meet. Generation" in text
    assert "| Configure LoRA | 1 of 5 | 3/15 |" in text
    assert "| 0 % | 45 % | 45 % | 3.5/8 |" in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_stays_in_its_cell_of_the_summary(attack: str) -> None:
    honest, hostile = (
        MarkdownIt("commonmark").enable("table").parse(render_summary(result))
        for result in (change_texts(SAMPLE, lambda _: "word"), change_texts(SAMPLE, lambda _: attack or "word"))
    )
    assert len([t for t in hostile if t.type == "td_open"]) == len([t for t in honest if t.type == "td_open"])
    inline = {child.type for token in hostile for child in token.children or []}
    assert inline <= {"text", "softbreak", "code_inline", "strong_open", "strong_close", "text_special"}
    assert not {token.type for token in hostile} & {"html_block", "fence", "code_block", "hr"}


def test_mentions_issues_and_bare_links_in_a_summary_are_broken() -> None:
    text = render_summary(change_texts(SAMPLE, lambda _: "@octocat a/b#1 https://example.org www.example.org"))
    outside_code = re.sub(r"` .*? `", "", text)
    assert "@octocat" not in outside_code
    assert "#1" not in outside_code
    assert "https://" not in outside_code
    assert "www.example" not in outside_code


def test_a_summary_of_endless_text_is_far_under_the_limit() -> None:
    result = change_texts(with_many_checks(Outcome.FAILED), lambda _: "&<" * 1_000_000)
    assert len(render_summary(result).encode()) < 200_000


def test_a_task_that_is_not_begun_has_a_line_of_its_own() -> None:
    text = render_summary(SAMPLE)
    assert "\n\n- ○ Not started: Compare base and tuned (4 checks, 0/20)\n" in text
    untouched = render_summary(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED))
    open_tasks = untouched.partition("### Not passed yet")[2].partition("### Training run")[0]
    assert open_tasks.count("\n- ○ Not started: ") == len(SAMPLE.tasks)
    assert "|" not in open_tasks


def test_the_training_runs_reason_is_told() -> None:
    assert SAMPLE.training is not None
    training = msgspec.structs.replace(
        SAMPLE.training, outcome=Outcome.NOT_ATTEMPTED, message="fine_tune is not written yet."
    )
    text = render_summary(msgspec.structs.replace(SAMPLE, training=training))
    assert " s. fine_tune is not written yet.\n" in text


def test_a_brief_summary_leaves_the_open_checks_out() -> None:
    text = render_summary(SAMPLE, brief=True)
    assert "### What next" in text
    assert "### Not passed yet" not in text
