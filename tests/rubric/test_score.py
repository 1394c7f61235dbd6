"""Points: the manifest decides, a silence is no pass, and our own faults count in neither sum."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lab import LabSpec
from grader.results import CheckResult, Measure, Outcome, Pitfall, TaskResult, TrainingResult
from grader.rubric import score

SPEC = LabSpec.model_validate(
    {
        "lab": "probe",
        "title": "Probe",
        "tasks": [
            {
                "name": "formatting",
                "title": "Format",
                "visible": {"one": 30},
                "hidden": {"two": 10},
                "lesson": "README.md#f",
            },
            {
                "name": "training",
                "title": "Train",
                "visible": {"log": 40},
                "measures": {"trained": 5, "style_adoption": 15},
            },
        ],
        "criteria": [
            {"title": "Right format", "evidence": ["formatting"]},
            {"title": "Adopts the voice", "evidence": ["training.style_adoption", "training.trained"]},
        ],
    }
)
IDS = ["formatting.one", "formatting.two", "training.log"]


def check(id: str, outcome: Outcome = Outcome.PASSED, points: float = 1.0) -> CheckResult:
    return CheckResult(id=id, title=id, outcome=outcome, points=points, max_points=points)


def reported(outcome: Outcome = Outcome.PASSED) -> dict[str, CheckResult]:
    return {id: check(id, outcome) for id in IDS}


def trained(outcome: Outcome = Outcome.PASSED, **earned: float) -> TrainingResult:
    worth = {"trained": 5.0, "style_adoption": 15.0}
    measures = {
        name: Measure(title=name, value=0.5, unit="share", points=earned.get(name, most), max_points=most)
        for name, most in worth.items()
    }
    return TrainingResult(
        model="m", device="cpu", why_this_model="", seconds=1.0, outcome=outcome, message="why",
        measurements=measures if outcome is Outcome.PASSED else {},
        pitfalls=[Pitfall(code="x", title="Overfitting", cause="c", cure="Stop earlier.")],
    )  # fmt: skip


def by_id(tasks: list[TaskResult]) -> dict[str, CheckResult]:
    return {check.id: check for task in tasks for check in task.checks}


def test_everything_passed_is_a_hundred_points() -> None:
    tasks, rubric = score(SPEC, reported(), trained())
    assert sum(task.points for task in tasks) == 100
    assert [line.level for line in rubric] == ["met", "met"]
    assert by_id(tasks)["formatting.two"].hidden


def test_only_the_manifest_says_what_a_pass_is_worth() -> None:
    boasting = {id: check(id, points=1e9) for id in [*IDS, "formatting.invented"]}
    tasks, _ = score(SPEC, boasting, None)
    assert sum(task.points for task in tasks) == 80
    assert "formatting.invented" not in by_id(tasks)


def test_a_failed_check_that_claims_points_gets_none() -> None:
    tasks, _ = score(SPEC, reported(Outcome.FAILED), None)
    assert sum(task.points for task in tasks) == 0


def test_a_check_that_did_not_report_is_not_passed() -> None:
    tasks, _ = score(SPEC, {}, None)
    silent = by_id(tasks)["formatting.one"]
    assert (silent.outcome, silent.points, silent.max_points) == (Outcome.ERRORED, 0, 30)
    assert "did not report" in silent.message


def test_a_measure_earns_a_part_of_its_points_and_says_how_to_earn_the_rest() -> None:
    tasks, rubric = score(SPEC, reported(), trained(style_adoption=4.5))
    part = by_id(tasks)["training.style_adoption"]
    assert (part.outcome, part.points, part.max_points) == (Outcome.FAILED, 4.5, 15)
    assert part.message.startswith("Measured: 50%.")
    assert part.hint == "Overfitting: Stop earlier."
    assert rubric[1].level == "developing"


@pytest.mark.parametrize(("points", "expected"), [(99.0, 15), (-3.0, 0)])
def test_a_measure_outside_its_bounds_is_cut_to_them(points: float, expected: float) -> None:
    tasks, _ = score(SPEC, reported(), trained(style_adoption=points))
    assert by_id(tasks)["training.style_adoption"].points == expected


@pytest.mark.parametrize(
    ("outcome", "first", "rest"),
    [
        (Outcome.NOT_ATTEMPTED, Outcome.NOT_ATTEMPTED, Outcome.NOT_ATTEMPTED),
        (Outcome.ERRORED, Outcome.ERRORED, Outcome.BLOCKED),
        (Outcome.TIMED_OUT, Outcome.TIMED_OUT, Outcome.BLOCKED),
        (Outcome.FAILED, Outcome.FAILED, Outcome.BLOCKED),
        (Outcome.HARNESS_ERROR, Outcome.HARNESS_ERROR, Outcome.HARNESS_ERROR),
    ],
)
def test_a_run_without_measures_explains_each_of_them(outcome: Outcome, first: Outcome, rest: Outcome) -> None:
    tasks, _ = score(SPEC, reported(), trained(outcome))
    checks = by_id(tasks)
    assert (checks["training.trained"].outcome, checks["training.style_adoption"].outcome) == (first, rest)
    assert checks["training.trained"].message == "why"


def test_no_training_run_leaves_the_measures_waiting() -> None:
    tasks, _ = score(SPEC, reported(), None)
    assert by_id(tasks)["training.trained"].outcome is Outcome.BLOCKED


def test_our_own_faults_count_neither_for_nor_against() -> None:
    tasks, rubric = score(SPEC, reported(), trained(Outcome.HARNESS_ERROR))
    assert sum(task.points for task in tasks) == sum(task.max_points for task in tasks) == 80
    assert rubric[1].level == "not decided"


def test_untouched_work_reads_not_attempted() -> None:
    _, rubric = score(SPEC, reported(Outcome.NOT_ATTEMPTED), trained(Outcome.NOT_ATTEMPTED))
    assert [line.level for line in rubric] == ["not attempted", "not attempted"]
    assert all(line.points == 0 for line in rubric)


def test_evidence_named_twice_counts_once() -> None:
    twice = SPEC.criteria[0].model_copy(update={"evidence": ["formatting", "formatting.one"]})
    _, rubric = score(SPEC.model_copy(update={"criteria": [twice]}), reported(), None)
    assert (rubric[0].points, rubric[0].max_points) == (40, 40)


@given(st.tuples(*[st.sampled_from([*Outcome, None])] * 3), st.sampled_from([*Outcome, None]))
def test_no_combination_of_outcomes_gives_more_than_its_passes_or_a_number_that_is_none(
    outcomes: tuple[Outcome | None, ...], run: Outcome | None
) -> None:
    given_checks = {id: check(id, outcome) for id, outcome in zip(IDS, outcomes, strict=True) if outcome}
    tasks, rubric = score(SPEC, given_checks, trained(run) if run else None)
    worth = dict(zip(IDS, (30, 10, 40), strict=True))
    passes = sum(worth[id] for id, found in given_checks.items() if found.outcome is Outcome.PASSED)
    assert sum(task.points for task in tasks) == passes + (20 if run is Outcome.PASSED else 0)
    assert list(itertools.chain.from_iterable(([c.id for c in t.checks]) for t in tasks)) == list(SPEC.manifest())
    msgspec.json.encode([tasks, rubric])
