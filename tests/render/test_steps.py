from msgspec.structs import replace

from grader.language import ENGLISH, load_language, translate_tasks
from grader.render.steps import name_next_step, next_steps, not_started
from grader.results import Example, Outcome, sum_task
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


def test_what_was_attempted_comes_before_what_was_not_begun() -> None:
    outcomes = [step.outcome is Outcome.NOT_ATTEMPTED for step in next_steps(SAMPLE.tasks, 100)]
    assert outcomes == sorted(outcomes)
    untouched = with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED).tasks[0]
    failed_later = [untouched, *SAMPLE.tasks[1:]]
    assert next_steps(failed_later, 1)[0].outcome is not Outcome.NOT_ATTEMPTED


def test_a_step_of_a_file_that_cannot_be_imported_names_the_file() -> None:
    check = next_steps(SAMPLE.tasks, 1)[0]
    assert name_next_step(SAMPLE, ENGLISH) == check.title
    assert name_next_step(with_outcome(SAMPLE, Outcome.PASSED), ENGLISH) == ""
    said = "formatting.py cannot be imported: SyntaxError: formatting.py, line 3: invalid syntax"
    broken = replace(check, outcome=Outcome.ERRORED, message=said, example=Example(call=""))
    result = replace(SAMPLE, tasks=[sum_task("formatting", "Formatting", [check, broken])])
    assert name_next_step(result, ENGLISH) == "Mend formatting.py: it cannot be imported"
    assert name_next_step(result, load_language("es")) == "Arregla formatting.py: no se puede importar"


def test_a_file_that_cannot_be_imported_comes_first_in_any_language() -> None:
    check = SAMPLE.tasks[0].checks[1]
    said = "formatting.py cannot be imported: SyntaxError: formatting.py, line 3: invalid syntax"
    broken = replace(check, id="x.broken", outcome=Outcome.ERRORED, message=said, example=Example(call=""))
    tasks = [SAMPLE.tasks[0], sum_task("x", "X", [broken])]
    for shown in (tasks, translate_tasks(tasks, load_language("es"))):
        assert next_steps(shown, 1)[0].id == "x.broken"


def test_a_task_not_started_is_one_step() -> None:
    untouched = with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED)
    assert [step.id for step in next_steps(untouched.tasks, 100)] == [task.checks[0].id for task in untouched.tasks]
    assert all(not_started(task) for task in untouched.tasks)


def test_full_marks_leave_nothing_to_do() -> None:
    assert next_steps(with_outcome(SAMPLE, Outcome.PASSED).tasks) == []
