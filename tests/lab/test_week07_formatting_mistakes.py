"""Each wrong `formatting.py` loses the check about its mistake, and is told what the mistake is."""

import ast

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import chaffs_of, grade_chaffs, require_found

CHAFFS = chaffs_of("formatting")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_chaffs(CHAFFS, tmp_path_factory.mktemp("formatting"))


@pytest.mark.parametrize("chaff", CHAFFS)
def test_a_wrong_formatting_module_is_told_its_mistake(chaff: str, verdicts: dict[str, CheckResult]) -> None:
    require_found(chaff, verdicts[chaff])


@pytest.mark.parametrize("chaff", ["pairs-shuffled-and-cut", "a-side-left-empty", "duplicates-dropped"])
def test_what_a_split_returned_is_shown_as_it_was_returned(chaff: str, verdicts: dict[str, CheckResult]) -> None:
    example = verdicts[f"chaffs/formatting-{chaff}"].example
    assert example is not None
    train, validation = ast.literal_eval(example.returned or "")
    assert example.returned == repr((train, validation))  # a tuple, as split_pairs returns it
    assert all(pair.keys() == {"input", "output"} for pair in [*train, *validation])


def test_another_exception_than_a_value_error_is_named_as_one(verdicts: dict[str, CheckResult]) -> None:
    message = verdicts["chaffs/formatting-keyerror-for-a-missing-key"].message
    assert "expected a ValueError; what came is KeyError: " in message


def test_an_input_on_both_sides_is_named(verdicts: dict[str, CheckResult]) -> None:
    result = verdicts["chaffs/formatting-pairs-shuffled-and-cut"]
    assert result.example is not None
    train, validation = ast.literal_eval(result.example.returned or "")
    shared = {pair["input"] for pair in train} & {pair["input"] for pair in validation}
    assert result.message.endswith(f"On both sides: {', '.join(map(repr, sorted(shared)))}")
