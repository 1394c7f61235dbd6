from hypothesis import given
from hypothesis import strategies as st

from grader.render.text import (
    command_message,
    command_property,
    cut,
    log_line,
    markdown,
    markdown_code,
    one_line,
    visible,
)

ANY_TEXT = st.text(alphabet=st.characters())


def test_control_and_direction_characters_are_spelled_out_as_python_would() -> None:
    assert visible("\x1b[31m \u202e \x00 \u200b \ud800") == "\\x1b[31m \\u202e \\x00 \\u200b \\ud800"


def test_newlines_tabs_emoji_and_joined_emoji_stay() -> None:
    text = "a\n\tb 👩‍💻 שלום é"
    assert visible(text) == text


def test_one_line_spells_out_newlines_too() -> None:
    assert one_line("a\nb\tc") == "a\\nb\\tc"


@given(ANY_TEXT)
def test_visible_text_is_always_utf8_without_control_characters(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not any(char < " " and char not in "\n\t" for char in shown)
    assert visible(shown) == shown


def test_a_cut_says_how_much_is_missing() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("a" * 1_203, 3) == "aaa… (1,200 more characters)"


@given(ANY_TEXT)
def test_a_command_message_is_one_line_without_another_command(text: str) -> None:
    shown = command_message(text, 500)
    assert len(shown.splitlines()) <= 1
    assert "##[" not in shown


@given(ANY_TEXT)
def test_a_command_property_ends_neither_itself_nor_the_command(text: str) -> None:
    assert not set(command_property(text, 500)) & set(":,\n\r")


def test_percent_signs_and_newlines_in_a_command_read_as_written() -> None:
    assert command_message("100 %\nnext", 99) == "100 %25%0Anext"


def test_a_line_of_output_is_no_command() -> None:
    assert log_line("  ::error::x") == "\\::error::x"
    assert log_line("a ##[error]x") == "a ## [error]x"
    assert log_line("  x[::2]") == "  x[::2]"


def test_markdown_is_one_line_of_plain_text() -> None:
    assert markdown("a |\n<b> *c* @d", 99) == "a \\| &lt;b&gt; \\*c\\* @\u200bd"


def test_a_code_span_outlasts_the_backticks_in_it() -> None:
    assert markdown_code("a ``` | b", 99) == "```` a ``` \\| b ````"
