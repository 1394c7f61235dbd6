"""Gradescope: `results.json` of an autograder, one a submission.

The top `score` stands over the sum of the tests'. Every test is visible: one that is hidden would hide the total too.
"""

from grader.render.exports.sheet import LONGEST, describe, feedback, label, write_json
from grader.render.text import cut, one_line
from grader.results import CheckResult, Outcome, Result, RubricLine


def render_gradescope(result: Result) -> str:
    """Return one submission's `results/results.json`. A check that we failed to decide has neither score nor status."""
    tests = [
        _test(check, f"{number}.{place}", task.name)
        for number, task in enumerate(result.tasks, start=1)
        for place, check in enumerate(task.checks, start=1)
    ]
    tests += [_line(line) for line in result.rubric if line.name and (line.override or line.max_points)]
    document = {
        "score": result.score,
        "output": "\n".join(feedback(result)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "extra_data": {"lab": label(result.lab), "sha256": label(result.submission.sha256), "seed": result.seed},
        "tests": tests,
    }
    return write_json(document)


def _test(check: CheckResult, number: str, task: str) -> dict[str, object]:
    test: dict[str, object] = {
        "name": one_line(cut(check.title, LONGEST)),
        "number": number,
        "output": describe(check),
        "tags": [label(task)],
        "visibility": "visible",
    }
    if check.outcome is not Outcome.HARNESS_ERROR:
        passed = check.outcome is Outcome.PASSED
        test |= {"score": check.points, "max_score": check.max_points, "status": "passed" if passed else "failed"}
    return test


def _line(line: RubricLine) -> dict[str, object]:
    comment = line.override.comment if line.override else "Waits for a person."
    test: dict[str, object] = {
        "name": one_line(cut(line.criterion, LONGEST)),
        "output": one_line(cut(f"{line.level}. {comment}", LONGEST)),
        "visibility": "visible",
    }
    return test | ({"score": line.points, "max_score": line.max_points} if line.override else {})
