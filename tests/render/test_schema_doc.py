"""docs/result-schema.md against the records themselves."""

import re
from pathlib import Path

import msgspec
import pytest

from grader import results
from grader.results import Outcome

DOC = (Path(__file__).parents[2] / "docs" / "result-schema.md").read_text(encoding="utf-8")
TABLES = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in DOC.split("\n\n")]
RECORDS = [value for value in vars(results).values() if isinstance(value, type) and issubclass(value, msgspec.Struct)]


@pytest.mark.parametrize("record", [record for record in RECORDS if record is not results.Sample])
def test_a_table_lists_the_records_fields_in_their_order(record: type[msgspec.Struct]) -> None:
    assert list(record.__struct_fields__) in TABLES


def test_the_document_names_every_outcome_and_the_schema() -> None:
    assert list(Outcome) in TABLES
    assert results.SCHEMA in DOC


def test_a_samples_fields_are_named() -> None:
    assert results.Sample.__struct_fields__ == ("instruction", "base", "tuned")
    assert "`instruction`, `base` and `tuned`" in DOC
