import pytest

from grader.render.comparison import Piece, compare, mark_differences, read_value
from grader.results import Example


def differing(returned: object, expected: object) -> tuple[str, str, str]:
    comparison = compare(Example(call="f()", returned=repr(returned), expected=repr(expected)), 2000)
    marked = ["".join(text for kind, text in side.pieces if kind is Piece.CHANGED) for side in comparison.sides]
    return marked[0], marked[1], comparison.sentence


def test_a_string_is_read_from_its_literal_and_shown_without_escapes() -> None:
    value = read_value(repr("a\nb"))
    assert (value.kind, value.text, value.verbatim) == ("text, 3 characters", "a\nb", True)


NO_LITERALS = ["<GPT2LMHeadModel>", "'cut sho", "[" * 5000, "-" * 9000 + "1", r"'\\d", "1e", "", "\\x00"]


@pytest.mark.parametrize("literal", NO_LITERALS)
def test_what_is_no_literal_stays_as_written(literal: str) -> None:
    value = read_value(literal)
    assert (value.text, value.verbatim) == (literal, False)


def test_only_the_differing_space_is_marked() -> None:
    returned, expected, sentence = differing("Response: Hey", "Response:\nHey")
    assert (returned, expected) == (" ", "\n")
    assert sentence == r"They part at character 10: ' ' came back where '\n' was expected."


def test_a_missing_end_is_named() -> None:
    assert differing("ab", "ab\n")[2] == r"They part at character 3: the end came back where '\n' was expected."


def test_characters_that_look_alike_are_told_apart() -> None:
    assert r"'\u0430' came back where 'a'" in differing("аbc", "abc")[2]


@pytest.mark.parametrize(
    ("returned", "expected", "sentence"),
    [
        ([1, 2, 3], [1, 5, 3], "They part at item 2: 2 where 5 was expected."),
        ([1, 2], [1, 2, 3], "2 items came back where 3 were expected."),
        ("['a']", ["a"], "Text came back where a list was expected."),
        (None, "a", "None came back where text was expected."),
        ({"a": 1}, {"a": 2}, "They part at key 'a': 1 where 2 was expected."),
        ({"a": 1, "c": 1}, {"a": 1, "b": 1}, "The keys differ: it came back without 'b', with 'c' too."),
        (1, 2, ""),
        (1.0, 1, ""),
    ],
)
def test_a_sentence_says_where_two_values_part(returned: object, expected: object, sentence: str) -> None:
    assert differing(returned, expected)[2] == sentence


def test_the_middle_of_a_long_equal_stretch_is_left_out() -> None:
    text = "word " * 1000
    comparison = compare(Example(call="f()", returned=repr(text + "a"), expected=repr(text + "b")), 2000)
    for side in comparison.sides:
        assert (Piece.LEFT_OUT, " 4,760 characters alike ") in side.pieces
        assert sum(len(part) for _, part in side.pieces) < 400


def test_two_unlike_texts_are_not_speckled_with_marks() -> None:
    returned, expected = (
        "The loss on the end token is 10.35, as before.",
        "a fall like that of the responses, 11.49 nats",
    )
    assert differing(returned, expected) == ("", "", "")


def test_each_side_keeps_to_its_limit() -> None:
    comparison = compare(Example(call="f()", returned=repr("a " * 5000), expected=repr("b\n" * 5000)), 100)
    assert all(sum(len(part) for _, part in side.pieces) < 200 for side in comparison.sides)


def test_texts_that_would_take_hours_to_compare_are_marked_as_a_whole() -> None:
    one, other = "a b " * 2500 + "c", "b a a " * 1600 + "d"
    assert mark_differences(one, other) == [[(Piece.CHANGED, one)], [(Piece.CHANGED, other)]]


def test_an_example_without_values_has_no_sides() -> None:
    assert compare(Example(call="f()"), 100).sides == []
