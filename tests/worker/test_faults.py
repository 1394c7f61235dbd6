"""Faults: what the student's code raised can be caught as what it was, and its texts are cleaned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.worker.faults import Died, NotAttempted, StudentError, TimedOut, clean, student_error


@pytest.mark.parametrize(
    "name", ["ValueError", "KeyError", "UnicodeDecodeError", "OSError", "SyntaxError", "SystemError"]
)
def test_an_error_can_be_caught_as_the_builtin_that_it_was(name: str) -> None:
    fault = student_error(name, [name, "Exception"], "what happened")
    assert name in {cls.__name__ for cls in type(fault).__mro__}
    assert str(fault) == "what happened"


def test_a_json_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        raise student_error("JSONDecodeError", ["ValueError", "Exception", "BaseException"], "Expecting value")


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "ExceptionGroup", "str"]
)
def test_names_off_the_allowlist_become_plain_student_errors(name: str) -> None:
    assert type(student_error(name, [name, "BaseException"], "")) is StudentError


def test_hypothesis_does_not_replay_what_ended_a_worker() -> None:
    for fault in (NotAttempted, TimedOut, Died):
        assert not issubclass(fault, Exception)


@given(st.text(st.characters()), st.integers(10, 200))
def test_cleaned_text_is_short_encodable_and_free_of_control_characters(text: str, limit: int) -> None:
    result = clean(text, limit)
    result.encode()
    assert len(result) <= limit + 60
    assert not any(ord(character) < 32 and character not in "\n\t" for character in result)


def test_an_ansi_sequence_loses_its_escape() -> None:
    assert clean("\x1b[31mred\u202e", 100) == "[31mred"
