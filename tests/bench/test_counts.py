"""What does not depend on the machine stays inside its budget."""

import pytest

from bench.counts import Count, count_a_grading, count_a_training_run, count_imports, processes_can_be_counted


def over_budget(counts: list[Count]) -> list[Count]:
    return [each for each in counts if each.count > each.budget]


def test_nothing_is_imported_that_is_not_needed_yet() -> None:
    assert over_budget(count_imports()) == []


@pytest.mark.skipif(not processes_can_be_counted(), reason="this machine has no process namespaces for users")
def test_a_grading_starts_no_process_more_and_writes_no_byte_more_than_before() -> None:
    assert over_budget(count_a_grading()) == []


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of peft using what transformers gives another name
def test_the_model_is_run_no_more_often_than_before() -> None:
    assert over_budget(count_a_training_run()) == []
