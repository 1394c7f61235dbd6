"""What counts as a voice, a repetition and an answer on the topic, and what a hostile response cannot make of it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.training.text import on_topic, repetition, style_adoption

MARKERS = ["ahoy", "⚓", "fair winds", "!!"]
MEGABYTE = 1_000_000

texts = st.text(max_size=200)
words = st.text("abcdefghij", min_size=1, max_size=8)


@pytest.mark.parametrize(
    "response",
    [
        "Ahoy! Delivery takes two days.",
        "AHOY",
        "Two days.⚓",
        "It⚓goes",
        "Fair Winds to you",
        "really!!",
        "\u202eahoy\u202c",
    ],
)
def test_a_response_with_a_marker_has_the_voice(response: str) -> None:
    assert style_adoption([response], MARKERS) == 1.0


@pytest.mark.parametrize(
    "response",
    [
        "",
        "Delivery takes two days.",
        "Xahoyx",  # inside a word
        "ahoys",
        "ahoy_2",
        "fairwinds",
        "unfair winds",
        "a\u200bhoy",  # a zero-width space makes two words of it
        "\u202eyoha\u202c",  # reads "ahoy" on a screen, but the text is what was written
        "really!",
    ],
)
def test_a_response_without_one_has_not(response: str) -> None:
    assert style_adoption([response], MARKERS) == 0.0


def test_adoption_is_a_share_of_the_responses_however_many_markers_each_holds() -> None:
    assert style_adoption(["Ahoy! ⚓ Fair winds!", "Two days.", "Hello.", "ahoy"], MARKERS) == 0.5


def test_composed_and_decomposed_letters_are_one_marker() -> None:
    assert style_adoption(["Voila\u0300", "VOILÀ"], ["voilà"]) == 1.0


def test_a_marker_is_not_a_pattern() -> None:
    assert style_adoption(["axb"], ["a.b", ".*", "("]) == 0.0


def test_an_empty_marker_marks_nothing() -> None:
    assert style_adoption(["anything"], [""]) == 0.0
    assert style_adoption(["anything"], []) == 0.0


def test_no_responses_hold_nothing() -> None:
    assert style_adoption([], MARKERS) == 0.0
    assert repetition([]) == 0.0
    assert on_topic([], []) == 0.0


@pytest.mark.parametrize(
    "response",
    [
        "Open your orders page. Open your orders page.",
        "We ship today! WE SHIP TODAY.",
        "Yes. It is here. Yes.",
        "go go go go go",
        "one two three four and one, two; three\nfour",
    ],
)
def test_four_words_or_a_sentence_said_twice_is_a_repetition(response: str) -> None:
    assert repetition([response]) == 1.0


@pytest.mark.parametrize(
    "response",
    ["", "⚓ ⚓ ⚓", "We ship today. Then we ship again.", "one two three. one two four. one two five.", "go go go go"],
)
def test_less_than_that_is_none(response: str) -> None:
    assert repetition([response]) == 0.0


def test_each_response_is_held_against_its_own_keywords() -> None:
    keywords = [["day", "days"], ["password"], []]
    assert on_topic(["Two Days.", "Two days.", "Two days."], keywords) == pytest.approx(1 / 3)


def test_keywords_and_responses_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        on_topic(["Two days."], [])


@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5))
def test_every_share_lies_between_none_and_all(responses: list[str], markers: list[str]) -> None:
    assert 0.0 <= style_adoption(responses, markers) <= 1.0
    assert 0.0 <= repetition(responses) <= 1.0
    assert 0.0 <= on_topic(responses, [markers] * len(responses)) <= 1.0


@given(st.lists(words, max_size=20), words)
def test_a_plain_word_marks_exactly_the_texts_that_hold_it(said: list[str], marker: str) -> None:
    assert style_adoption([" ".join(said).upper()], [marker]) == float(marker in said)


@given(st.lists(words, min_size=4, max_size=12))
def test_what_is_said_twice_over_is_repeated(said: list[str]) -> None:
    assert repetition([" ".join(said + said)]) == 1.0


@given(st.lists(words, max_size=30, unique=True))
def test_words_that_are_all_different_are_not_repeated(said: list[str]) -> None:
    assert repetition([" ".join(said)]) == 0.0


@pytest.mark.parametrize(
    "response",
    [
        "a" * MEGABYTE,
        "aho" * (MEGABYTE // 3),
        "fair " * (MEGABYTE // 5),
        "." * MEGABYTE,
        "\u0315\u0300" * (MEGABYTE // 2),  # canonical ordering of one endless letter is quadratic
        "\u0f73" * MEGABYTE,  # counts as a letter, but decomposes to two marks
        "\u202e" * MEGABYTE,
        "\ufdfa" * (MEGABYTE // 20),  # the longest casefold and decomposition there is
    ],
    ids=["letter", "near marker", "phrase start", "stops", "marks", "hidden marks", "overrides", "ligature"],
)
def test_a_megabyte_is_read_in_the_time_it_takes_to_read(response: str) -> None:
    start = time.process_time()
    style_adoption([response], MARKERS)
    repetition([response])
    on_topic([response], [MARKERS])
    assert time.process_time() - start < 20.0  # seconds; quadratic work takes hours
