import re

from grader.render.hints import Hint, stage_hints
from grader.render.html import render_report
from grader.results import CheckResult, Example, Outcome
from tests.render.pages import Page
from tests.render.sample import SAMPLE


def failed(**fields: object) -> CheckResult:
    given = {"hint": "Think.", "lesson": "README.md#a", **fields}
    return CheckResult(id="a.b", title="T", outcome=Outcome.FAILED, points=0, max_points=1, **given)  # type: ignore[arg-type]


def test_the_first_stage_is_the_place_of_the_innermost_frame() -> None:
    traceback = "training.py, line 3, in fine_tune\n    f()\nlosses.py, line 12, in f\n    1 / 0\nZeroDivisionError: x"
    stages = stage_hints(failed(example=Example(call="fine_tune('m')", traceback=traceback)), "week07")
    assert stages == [
        Hint("where to look", "In `losses.py`, line 12, in `f`."),
        Hint("what to change", "Think."),
        Hint("what to read", "The lesson explains it in `labs/week07/README.md#a`."),
    ]


def test_without_a_traceback_it_is_a_file_that_is_named_or_the_last_call() -> None:
    assert (
        stage_hints(failed(message="data/train.jsonl, line 7: no."), "week07")[0].text
        == "In `data/train.jsonl`, line 7."
    )
    calls = "make(1) → 2\ncollate([1], pad_token_id=0)"
    assert stage_hints(failed(example=Example(call=calls)), "week07")[0].text.startswith("In `collate`: ")


def test_what_is_not_known_is_left_out() -> None:
    assert stage_hints(failed(hint="", lesson=""), "week07") == []
    assert [hint.title for hint in stage_hints(failed(lesson=""), "week07")] == ["what to change"]


def test_each_stage_lies_inside_the_one_before_it_and_all_are_shut() -> None:
    source = render_report(SAMPLE)
    [start] = [found.start() for found in re.finditer('id="formatting.prompt_is_prefix"', source)]
    check = source[start : source.index('<details class="check', start)]
    opened = re.findall(r'<details class="hint"><summary>(.*?)</summary>|(</details>)', check)
    told = [title or "shut" for title, _ in opened]
    assert told[:6] == [
        "Hint 1 of 3: where to look",
        "Hint 2 of 3: what to change",
        "Hint 3 of 3: what to read",
        *["shut"] * 3,
    ]


def test_the_hint_of_a_failed_check_is_not_given_away_on_the_first_screen() -> None:
    text = Page(render_report(SAMPLE)).text
    first_screen = text[: text.index("Checks passed")]
    assert "Training text and prompt part company" in first_screen
    assert "Generation must stop exactly" not in first_screen
