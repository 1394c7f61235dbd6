import re

import msgspec
import pytest
from markdown_it import MarkdownIt

from grader.render.github import render_annotations, render_summary
from grader.results import Outcome, Result, sum_task
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

COMMAND = re.compile(r"::(error|warning|notice) (?:file=[^,:]+,line=\d+,)?title=[^,:]+::\S.*")


def with_many_checks(outcome: Outcome) -> Result:
    first = SAMPLE.tasks[0].checks[1]
    checks = [
        msgspec.structs.replace(first, id=f"formatting.c{i}", title=f"Check {i}", max_points=float(i), outcome=outcome)
        for i in range(30)
    ]
    tasks = [sum_task("formatting", "Formatting", checks)]
    return msgspec.structs.replace(SAMPLE, tasks=tasks)


def test_an_annotation_points_at_the_line_that_raised() -> None:
    assert "::error file=labs/week07/lora_config.py,line=41,title=Raised an error%3A" in render_annotations(
        SAMPLE, "labs/week07"
    )


@pytest.mark.parametrize("name", ["/etc/passwd.py", "../x.py", "a/../../x.py", "x.py,line=1::error", "x.txt"])
def test_a_traceback_cannot_point_outside_the_submission(name: str) -> None:
    check = SAMPLE.tasks[1].checks[2]
    assert check.example is not None
    example = msgspec.structs.replace(check.example, traceback=f'  File "{name}", line 3, in f\n')
    task = sum_task("t", "T", [msgspec.structs.replace(check, example=example)])
    assert "file=" not in render_annotations(msgspec.structs.replace(SAMPLE, tasks=[task]))


def test_at_most_ten_annotations_of_a_kind_and_the_dearest_first() -> None:
    lines = render_annotations(with_many_checks(Outcome.FAILED)).splitlines()
    assert len(lines) == 10
    assert "Check 29" in lines[0]
    assert lines[-1].startswith("::error title=+21 more::Check 20, Check 19")


def test_a_task_not_started_is_one_notice() -> None:
    lines = render_annotations(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED)).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::notice"] * len(SAMPLE.tasks)


def test_full_marks_need_no_annotation() -> None:
    assert render_annotations(with_outcome(SAMPLE, Outcome.PASSED)) == ""


def test_the_summary_shows_score_steps_and_measures() -> None:
    text = render_summary(SAMPLE)
    assert text.startswith("## ada\\-lovelace: 28.5/76\n")
    assert "1. The prompt is where training text and generation meet. Generation" in text
    assert "| Configure LoRA | 1 of 5 | 3/15 |" in text
    assert "| 0 % | 45 % | 45 % | 3.5/8 |" in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_gives_no_command_of_its_own(attack: str) -> None:
    lines = render_annotations(change_texts(SAMPLE, lambda _: attack), "labs/week07").split("\n")
    assert all(COMMAND.fullmatch(line) for line in lines[:-1])
    assert not any("##[" in line or "\r" in line for line in lines)


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


def test_mentions_and_bare_links_in_a_summary_are_broken() -> None:
    text = render_summary(change_texts(SAMPLE, lambda _: "@octocat https://example.org www.example.org"))
    outside_code = re.sub(r"` .*? `", "", text)
    assert "@octocat" not in outside_code
    assert "https://" not in outside_code
    assert "www.example" not in outside_code


def test_a_summary_of_endless_text_is_far_under_the_limit() -> None:
    result = change_texts(with_many_checks(Outcome.FAILED), lambda _: "&<" * 1_000_000)
    assert len(render_summary(result).encode()) < 200_000
