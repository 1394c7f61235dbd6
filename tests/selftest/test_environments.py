"""A result does not depend on where the grader runs."""

import pytest

from tests.selftest.environments import compare, draw


def test_surroundings_differ_in_everything_that_is_named() -> None:
    drawn = [draw(number) for number in range(100)]
    assert [draw(number) for number in range(100)] == drawn
    for name in drawn[0].variables:
        assert len({each.variables[name] for each in drawn}) > 1, name
    assert {each.form for each in drawn} == {"folder", "zip", "gztar"}


def test_the_same_submission_gets_the_same_result_in_other_surroundings() -> None:
    assert [complaint for _, complaint in compare("week00", "auto", 4, 2)] == [""] * 4


@pytest.mark.slow
def test_a_training_run_comes_to_the_same_bits_in_other_surroundings() -> None:
    assert [complaint for _, complaint in compare("week07", "tiny-gpt2", 6, 2)] == [""] * 6
