import io
import re

import pytest
from rich.console import Console

from grader.render.terminal import print_result, print_run, say
from grader.results import Outcome, Result
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome


def printed(result: Result, *, colour: bool = False, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    console = Console(file=stream, width=80, force_terminal=colour, color_system="truecolor" if colour else None)
    print_result(result, console)
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_the_first_check_to_mend_is_printed_in_full_and_the_rest_a_line_each() -> None:
    text = printed(SAMPLE)
    first, rest = text.split("\nThen\n")
    assert "called    format_instruction(" in first
    assert r"They part at character 57: ' ' came back where '\n' was expected." in first
    assert "hint      Generation must stop exactly" in first
    assert "called" not in rest
    assert "\n  ◌ waiting (1 check)\n" in rest
    assert "\n○ Compare base and tuned: not started (4 checks)\n" in rest
    assert "\n  ✗ No question stands on both sides of the split\n" in rest


def test_a_fault_of_ours_comes_first() -> None:
    lines = printed(SAMPLE).splitlines()
    assert lines[1].startswith("1 check not decided. Our own machinery failed here.")


def test_an_untouched_lab_is_a_short_list_of_what_to_do() -> None:
    text = printed(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED))
    assert "○ Configure LoRA: not started (5 checks)" in text
    assert "✗" not in text
    assert len(text.splitlines()) < 32


def test_full_marks_are_said_in_a_line() -> None:
    stream = io.StringIO()
    print_run(with_outcome(SAMPLE, Outcome.PASSED).tasks, Console(file=stream, width=80), "week07")
    assert stream.getvalue() == "All 18 checks passed: 79/79 points.\n"


def test_a_part_that_passes_speaks_of_itself_alone() -> None:
    stream = io.StringIO()
    passed = with_outcome(SAMPLE, Outcome.PASSED).tasks[:1]
    print_run(passed, Console(file=stream, width=80), "week07", part=True)
    assert re.fullmatch(r"Every check of this selection passed: .* points\.\n", stream.getvalue())


def test_what_is_still_open_says_why() -> None:
    rest = printed(SAMPLE).split("\nThen\n")[1]
    assert (
        "\n  ✗ No question stands on both sides of the split\n    The same input was found in train and in validation."
        in rest
    )


def test_a_practice_run_speaks_of_points_so_far_and_a_grading_of_all() -> None:
    stream = io.StringIO()
    print_run(SAMPLE.tasks, Console(file=stream, width=80), "week07")
    assert "\nSo far " in stream.getvalue()
    assert "So far" not in printed(SAMPLE)
    assert "\nIn all " in printed(SAMPLE)


def test_the_lesson_is_named_by_its_path() -> None:
    assert "  read      labs/week07/README.md#" in printed(SAMPLE)


def test_the_measures_among_the_checks_are_counted() -> None:
    assert "Of the checks above, 3 are its measures." in printed(SAMPLE)


def test_the_training_run_takes_few_lines() -> None:
    text = printed(SAMPLE).split("Training run\n")[1]
    assert text.startswith("  smollm2-135m on cpu, 21 s.")
    assert "Voice adopted on held-out questions: 45 %" in text
    assert "Poor convergence: Train with one example a step" in text


def test_without_a_terminal_there_are_plain_lines_of_at_most_80_columns() -> None:
    text = printed(SAMPLE)
    assert "\x1b" not in text
    assert all(len(line) <= 80 and line == line.rstrip() for line in text.splitlines() if "Points" not in line)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_what_an_old_console_cannot_write_is_spelled_out(encoding: str) -> None:
    text = printed(SAMPLE, encoding=encoding)
    assert r"\U0001f60a" in text
    assert "x The prompt is where training text and generation meet" in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("colour", [False, True])
def test_hostile_text_in_every_field_moves_no_cursor_and_gives_no_command(attack: str, colour: bool) -> None:
    text = printed(change_texts(SAMPLE, lambda _: attack), colour=colour)
    without_colours = re.sub(r"\x1b\[[\d;]*m", "", text) if colour else text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", without_colours)
    assert not any(line.strip().startswith("::") or "##[" in line for line in text.splitlines())
    assert len(text) < 60_000


def test_rich_markup_in_a_text_is_text() -> None:
    text = printed(change_texts(SAMPLE, lambda _: "[red]x[/red] :smile:"), colour=True)
    assert "[red]x[/red] :smile:" in text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_sentence_that_quotes_hostile_names_moves_no_cursor_and_gives_no_command(attack: str, encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    say(f"grader: {attack}: none of these is here.", Console(file=stream, width=80))
    stream.flush()
    text = raw.getvalue().decode(encoding)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", text)
    assert not any(line.strip().startswith("::") or "##[" in line for line in text.splitlines())
    assert len(text) < 10_000
