"""From one test's verdict to a CheckResult, and from several tests of one check to one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grader.checks.mark import CheckMark
from grader.results import CheckResult, Outcome

if TYPE_CHECKING:  # the grader's own process reads journals without pytest and Hypothesis
    from grader.checks.verdict import Verdict

# A check that is run with several parameters ends as the worst of them.
WORST_FIRST = (
    Outcome.HARNESS_ERROR,
    Outcome.TIMED_OUT,
    Outcome.ERRORED,
    Outcome.FAILED,
    Outcome.BLOCKED,
    Outcome.NOT_ATTEMPTED,
    Outcome.PASSED,
)


def build_result(mark: CheckMark, verdict: "Verdict", *, hidden: bool, duration_s: float) -> CheckResult:
    """Return the record of one test that ended with a verdict."""
    passed = verdict.outcome is Outcome.PASSED
    return CheckResult(
        id=mark.id,
        title=mark.title,
        outcome=verdict.outcome,
        points=mark.points if passed else 0.0,
        max_points=mark.points,
        message=verdict.message,
        example=verdict.example,
        hint="" if passed else mark.hint if verdict.hint is None else verdict.hint,
        lesson=mark.lesson,
        hidden=hidden,
        duration_s=round(duration_s, 4),
    )


def merge(results: Iterable[CheckResult]) -> dict[str, CheckResult]:
    """Return one result for each check id, in the order they first appear."""
    merged: dict[str, CheckResult] = {}
    for result in results:
        known = merged.get(result.id)
        if known is None or WORST_FIRST.index(result.outcome) < WORST_FIRST.index(known.outcome):
            merged[result.id] = result
    return merged
