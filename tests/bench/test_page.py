"""The page of benchmarks says what was measured, and nothing else."""

from bench.page import render
from grader.lab.folders import PROJECT


def test_the_page_is_made_from_the_committed_results() -> None:
    assert (PROJECT / "docs" / "benchmarks.md").read_text(encoding="utf-8") == render()
