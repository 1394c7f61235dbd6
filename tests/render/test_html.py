import base64
import hashlib
import re

import msgspec
import pytest

from grader.render.html import MOST_BYTES, render_report
from grader.render.markup import highlighted, prose
from grader.render.wording import LABELS, OUR_FAULT
from grader.results import Outcome
from tests.render.hostile import ATTACKS
from tests.render.pages import Page
from tests.render.sample import SAMPLE, change_texts, with_outcome

SOURCE = render_report(SAMPLE)
PAGE = Page(SOURCE)


def test_the_page_shows_every_check_with_its_outcome_in_words() -> None:
    for check in SAMPLE.checks():
        assert check.title in PAGE.text
        assert LABELS[check.outcome].word in PAGE.text


def test_the_first_screen_says_the_score_and_what_to_do_next() -> None:
    before_tasks = PAGE.text[: PAGE.text.index("Checks passed")]
    assert "28.5" in before_tasks
    assert "of 76 points" in before_tasks
    assert before_tasks.index("The prompt is where") < before_tasks.index("No question stands on both sides")


def test_a_fault_of_ours_stands_above_everything_else() -> None:
    assert PAGE.text.index(OUR_FAULT) < PAGE.text.index("What next", PAGE.text.index(OUR_FAULT))
    assert "Our fault: 1 check was not decided" in PAGE.text


def test_the_differing_space_is_shown_and_marked() -> None:
    assert '### Response:<mark><span class="sign">·</span></mark>Hey there!' in SOURCE
    assert r"They part at character 57: ' ' came back where '\n' was expected." in PAGE.text


def test_the_training_run_shows_curve_measures_samples_and_the_cure() -> None:
    assert SAMPLE.training is not None
    assert "Training loss goes from 3.58 at step 1 to 2.55 at step 15." in PAGE.text
    assert "Full points from 80 %, none at 5 %. 35 % short of full points." in re.sub(r"\s+", " ", PAGE.text)
    assert "<mark>Ahoy</mark>, <mark>sailor</mark>! <mark>⚓</mark>" in SOURCE
    assert SAMPLE.training.pitfalls[0].cause in PAGE.text


@pytest.mark.parametrize(("threads", "said"), [(1, "on 1 core, and"), (2, "on 2 cores, and")])
def test_the_cost_of_a_run_counts_the_cores_that_it_had(threads: int, said: str) -> None:
    result = msgspec.structs.replace(SAMPLE, environment={"threads": threads, "cores": 8})
    assert said in Page(render_report(result)).text


def test_hidden_checks_are_marked_as_such() -> None:
    assert PAGE.text.count("hidden check") == sum(check.hidden for check in SAMPLE.checks())


def test_headings_never_skip_a_level() -> None:
    assert PAGE.headings[0] == 1
    assert all(later - earlier <= 1 for earlier, later in zip(PAGE.headings, PAGE.headings[1:], strict=False))


def test_links_lead_to_places_on_the_page_and_nowhere_else() -> None:
    assert len(PAGE.ids) == len(set(PAGE.ids))
    assert {link.removeprefix("#") for link in PAGE.links} <= set(PAGE.ids)


def test_the_content_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    [style] = re.findall(r"<style>(.*?)</style>", SOURCE, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in SOURCE
    assert " style=" not in SOURCE
    assert "url(" not in style
    assert "http" not in style


def test_a_lab_without_training_or_rubric_has_no_empty_section() -> None:
    page = Page(render_report(msgspec.structs.replace(SAMPLE, training=None, rubric=[])))
    assert "Training run" not in page.text
    assert "Success criteria" not in page.text


def test_a_failed_training_run_says_why() -> None:
    assert SAMPLE.training is not None
    training = msgspec.structs.replace(
        SAMPLE.training, outcome=Outcome.TIMED_OUT, message="No adapter after 600 seconds.", history=[], samples=[]
    )
    text = Page(render_report(msgspec.structs.replace(SAMPLE, training=training))).text
    assert "No adapter after 600 seconds." in text
    assert "Loss curve" not in text


def test_an_untouched_lab_reads_as_not_started() -> None:
    text = Page(render_report(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED))).text
    assert text.count("Not started yet.") == len(SAMPLE.tasks)
    assert "Not right yet" not in text


def test_full_marks_leave_nothing_to_do() -> None:
    assert "Every check passes." in Page(render_report(with_outcome(SAMPLE, Outcome.PASSED))).text


def test_backticks_become_code_and_nothing_else_is_markup() -> None:
    assert prose("call `f(<x>)`, not __init__ or *args") == ("call <code>f(&lt;x&gt;)</code>, not __init__ or *args")


def test_markers_are_whole_words_in_any_case_and_emoji_anywhere() -> None:
    shown = highlighted("Sail AHOY⚓sailors", ["ahoy", "sail", "⚓"])
    assert shown == "<mark>Sail</mark> <mark>AHOY</mark><mark>⚓</mark>sailors"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_is_text_on_a_page_of_limited_size(attack: str) -> None:
    source = render_report(change_texts(SAMPLE, lambda text: attack))
    assert len(source.encode()) <= MOST_BYTES
    page = Page(source)
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", source)


def test_a_template_in_a_text_is_not_filled_in() -> None:
    page = Page(render_report(change_texts(SAMPLE, lambda text: "{{ 7*7 }}")))
    assert "{{ 7*7 }}" in page.text


def test_a_hundred_hostile_checks_still_fit() -> None:
    hostile = change_texts(SAMPLE, lambda text: "\x00 <&'\"" * 5_000)
    assert hostile.training is not None
    training = msgspec.structs.replace(hostile.training, samples=hostile.training.samples * 500)
    tasks = [msgspec.structs.replace(task, checks=task.checks * 6) for task in hostile.tasks]
    page = render_report(msgspec.structs.replace(hostile, tasks=tasks, training=training))
    assert len(page.encode()) <= MOST_BYTES
