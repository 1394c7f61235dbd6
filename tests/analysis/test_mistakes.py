"""When two submissions make the same mistake, and what a submission could do to the count."""

import msgspec

from grader.analysis.mistakes import LONGEST, Clusters, mistake_of
from grader.results import CheckResult, Outcome, Result, SubmissionInfo, sum_task
from tests.render.sample import SAMPLE


def missed(message: str, *, hint: str = "", outcome: Outcome = Outcome.FAILED) -> CheckResult:
    return CheckResult(id="t.c", title="C", outcome=outcome, points=0, max_points=1, message=message, hint=hint)


def by(id: str, check: CheckResult) -> Result:
    info = SubmissionInfo(id=id, sha256="", files=1, bytes=1)
    return msgspec.structs.replace(SAMPLE, submission=info, tasks=[sum_task("t", "T", [check])])


def count(*checks: CheckResult) -> list[tuple[int, str]]:
    clusters = Clusters()
    for number, check in enumerate(checks):
        clusters.add(by(f"s{number}", check))
    return [(cluster.count, cluster.example) for cluster in clusters.largest(10)]


def test_the_same_words_with_other_values_are_the_same_mistake() -> None:
    assert count(missed("Line 3 holds 'a'."), missed("Line 14 holds 'b c'."), missed("Something else.")) == [(2, "s0")]


def test_another_hint_is_another_mistake() -> None:
    assert count(missed("Wrong.", hint="Sort."), missed("Wrong.", hint="Count.")) == []


def test_an_exception_is_named_by_its_kind_and_not_by_the_students_words() -> None:
    errors = [missed(f"KeyError: {text}", outcome=Outcome.ERRORED) for text in ("'a'", "ValueError: x", "\u202e" * 999)]
    assert count(*errors, missed("TypeError: 'a'", outcome=Outcome.ERRORED)) == [(3, "s0")]


def test_what_was_not_begun_or_waits_or_is_ours_is_no_mistake() -> None:
    for outcome in (Outcome.PASSED, Outcome.NOT_ATTEMPTED, Outcome.BLOCKED, Outcome.HARNESS_ERROR):
        assert mistake_of(missed("x", outcome=outcome)) is None


def test_a_long_message_is_kept_in_part_only() -> None:
    [mistake] = [mistake_of(missed("x" * 1_000_000, hint="y" * 1_000_000, outcome=kind)) for kind in [Outcome.FAILED]]
    assert mistake is not None
    assert len(mistake.name) + len(mistake.feedback) <= 4 * LONGEST
    error = mistake_of(missed("E" * 1_000_000, outcome=Outcome.ERRORED))
    assert error is not None
    assert len(error.name) <= LONGEST


def test_the_largest_come_first() -> None:
    found = count(missed("a"), missed("b"), missed("b"), missed("a"), missed("b"))
    assert found == [(3, "s1"), (2, "s0")]
