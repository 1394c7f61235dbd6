from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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


def test_a_name_in_markdown_is_written_without_backslashes() -> None:
    assert markdown("ada-lovelace: split_pairs() in formatting.py (1.5 points), ':'!", 99) == (
        "ada-lovelace: split_pairs() in formatting.py (1.5 points), ':'!"
    )


@given(st.text(alphabet=st.sampled_from('ab12 _*`~[]()<>!#+-=.:|\\$&@"/^{}'), max_size=12) | ANY_TEXT)
def test_whatever_stands_in_markdown_reads_as_it_was_written(text: str) -> None:
    plain = one_line(" ".join(text.split()))
    written = markdown(text, 10_000)
    for page in (written, f"- {written}", f"1. {written}", f"||\n|---|\n| {written} |"):
        tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page)
        inline = [child for token in tokens for child in token.children or []]
        assert {child.type for child in inline} <= {"text", "text_special"}
        assert "".join(child.content for child in inline).replace("\u200b", "") == plain


def test_a_code_span_outlasts_the_backticks_in_it() -> None:
    assert markdown_code("a ``` | b", 99) == "```` a ``` \\| b ````"
