"""Classroom 50: the `result.json` (`classroom50/result/v1`) that its runner reads after an autograder.

Its scores are whole numbers, ours have halves and hundredths: so all of them are counted in hundredths of a point.
"""

from dataclasses import dataclass

from grader.render.exports.sheet import label, write_json
from grader.results import CheckResult, Outcome, Result

SCHEMA = "classroom50/result/v1"
HUNDREDTHS = 100
SUBMISSION = "submit/"


@dataclass(frozen=True)
class Run:
    """What the runner tells an autograder: names and addresses of this submission. `datetime` is UTC, with a Z."""

    classroom: str
    assignment: str
    submission: str
    commit: str
    release: str
    review: str
    datetime: str


def render_classroom50(result: Result, run: Run) -> str:
    """Return one submission's `result.json`. Checks that we failed to decide are left out."""
    tests = [_test(check) for check in result.checks() if check.outcome is not Outcome.HARNESS_ERROR]
    tests += [
        {
            "test-name": label(line.name),
            "passed": line.points == line.max_points,
            "score": _whole(line.points),
            "max-score": _whole(line.max_points),
        }
        for line in result.rubric
        if line.name and line.override
    ]
    document = {
        "schema": SCHEMA,
        "classroom": run.classroom,
        "assignment": run.assignment,
        "submission": run.submission,
        "commit": run.commit,
        "release": run.release,
        "review": run.review,
        "datetime": run.datetime,
        "score": _whole(result.score),
        "max-score": _whole(result.max_score),
        "tests": tests,
    }
    return write_json(document)


def _test(check: CheckResult) -> dict[str, object]:
    return {
        "test-name": label(check.id) or "check",
        "passed": check.outcome is Outcome.PASSED,
        "score": _whole(check.points),
        "max-score": _whole(check.max_points),
    }


def _whole(points: float) -> int:
    return round(points * HUNDREDTHS)
