from grader.render.steps import next_steps, not_started
from grader.results import Outcome
from tests.render.sample import SAMPLE, with_outcome


def test_steps_come_in_the_labs_order() -> None:
    assert [step.id for step in next_steps(SAMPLE.tasks)] == [
        "formatting.prompt_is_prefix",
        "formatting.split_is_disjoint",
        "formatting.collate_keeps_eos",
    ]


def test_blocked_checks_and_our_faults_are_no_steps() -> None:
    outcomes = {step.outcome for step in next_steps(SAMPLE.tasks, 100)}
    assert outcomes == {Outcome.FAILED, Outcome.ERRORED, Outcome.TIMED_OUT, Outcome.NOT_ATTEMPTED}


def test_a_task_not_started_is_one_step() -> None:
    untouched = with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED)
    assert [step.id for step in next_steps(untouched.tasks, 100)] == [task.checks[0].id for task in untouched.tasks]
    assert all(not_started(task) for task in untouched.tasks)


def test_full_marks_leave_nothing_to_do() -> None:
    assert next_steps(with_outcome(SAMPLE, Outcome.PASSED).tasks) == []
