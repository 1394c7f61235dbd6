"""Mutants differ from the reference in what runs, and what is argued away is one of them."""

import pytest

from grader.lab import find_lab

pytest.importorskip("cosmic_ray", reason="the dependency group `mutants` is not installed")

from tests.selftest.mutants import make_mutants, read_equivalent

LAB = find_lab("week07")


def test_a_mutant_changes_what_runs_and_no_annotation() -> None:
    source = "def f(n: int | None, *, low: int = 1) -> int | None:\n    return n + low\n"
    mutants = make_mutants("m", source)
    assert "m: return n + low → return n - low" in [mutant.name for mutant in mutants]
    assert len({mutant.source for mutant in mutants}) == len(mutants)
    assert [mutant.name for mutant in mutants if "int" in mutant.before and "= 1" not in mutant.before] == []


def test_only_mutants_that_there_are_can_be_argued_away() -> None:
    assert LAB.solutions is not None
    modules = [task.module for task in LAB.spec.tasks if task.module]
    made = {
        mutant.name
        for module in modules
        for mutant in make_mutants(module, (LAB.solutions / f"{module}.py").read_text(encoding="utf-8"))
    }
    assert set(read_equivalent()) - made == set()
    assert all(read_equivalent().values())
