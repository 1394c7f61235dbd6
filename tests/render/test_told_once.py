import io

from msgspec.structs import replace
from rich.console import Console

from grader.language import load_language
from grader.render.annotations import Located, render_annotations
from grader.render.github import render_summary
from grader.render.html import render_report
from grader.render.terminal import print_result
from grader.render.told_once import tell_once
from grader.results import CheckResult, Example, Outcome, Result, sum_task
from tests.render.sample import SAMPLE

SAID = "formatting.py, line 3: invalid syntax in: def broken(:"


def broken(number: int, file: str = "formatting.py") -> CheckResult:
    return CheckResult(
        id=f"formatting.check_{number}",
        title=f"Check {number}",
        outcome=Outcome.ERRORED,
        points=0,
        max_points=1,
        message=f"{file} cannot be imported: SyntaxError: {SAID}",
        example=Example(call="", traceback=f"SyntaxError: {SAID}"),
    )


def result(*checks: CheckResult) -> Result:
    return replace(SAMPLE, tasks=[sum_task("formatting", "Formatting", list(checks))], training=None)


def test_the_first_check_tells_of_the_file_and_the_others_wait() -> None:
    [task] = tell_once(result(broken(1), broken(2), broken(3)).tasks)
    assert [check.outcome for check in task.checks] == [Outcome.ERRORED, Outcome.BLOCKED, Outcome.BLOCKED]
    assert task.checks[0].hint == "Mend formatting.py first: 2 more checks wait for it."
    assert task.checks[1].message == "Waits until formatting.py can be imported."
    assert task.points == 0
    assert task.max_points == 3


def test_two_files_are_told_of_twice() -> None:
    [task] = tell_once(result(broken(1), broken(2, "training.py")).tasks)
    assert [check.outcome for check in task.checks] == [Outcome.ERRORED] * 2
    assert {check.hint for check in task.checks} == {
        "Mend formatting.py first: nothing in it can be tried before.",
        "Mend training.py first: nothing in it can be tried before.",
    }


def test_an_exception_that_only_speaks_of_imports_is_told_for_itself() -> None:
    own = replace(broken(2), example=Example(call="format_prompt('')", traceback="x"))
    assert tell_once(result(broken(1), own).tasks)[0].checks[1] == own


def test_a_second_file_is_told_whole_in_a_terminal_before_smaller_mistakes_and_named_once() -> None:
    wrong = [replace(broken(number), outcome=Outcome.FAILED, message="Wrong.", example=None) for number in range(8)]
    later = broken(9, "training.py")
    later = replace(later, message=f"{later.message.replace('formatting', 'training')} {'x = 1; ' * 20}the end")
    for language, cannot in (("en", "cannot be imported"), ("es", "no se puede importar")):
        stream = io.StringIO()
        graded = result(broken(8), *wrong, later)
        print_result(graded, Console(file=stream, width=80), load_language(language))
        text = " ".join(stream.getvalue().split())
        assert f"formatting.py {cannot}: SyntaxError: line 3: invalid syntax" in text
        assert f"training.py {cannot}: SyntaxError: line 3: invalid syntax" in text
        assert text.index("the end") < text.index("Check 0")


def test_every_sink_tells_once() -> None:
    graded = result(*(broken(number) for number in range(6)))
    stream = io.StringIO()
    print_result(graded, Console(file=stream, width=200))
    source = render_report(graded)
    commands = render_annotations([Located(graded, {})])
    summary = render_summary(graded)
    assert stream.getvalue().count("formatting.py cannot be imported") == 1
    assert "Mend formatting.py first: 5 more checks wait for it." in stream.getvalue()
    assert commands.count("\n") == 1
    assert commands.startswith("::error ")
    assert summary.count("cannot be imported: ") == 1
    assert "5 more checks wait for it." in summary
    assert 'id="formatting.check_1"' in source
    assert source.count("badge errored") == 1
