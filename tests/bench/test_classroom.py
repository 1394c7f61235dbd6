"""The benchmark over a class finds what it is there to find: results lost, mixed up, gained; and memory that grows."""

import random
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from bench.forms import BROKEN
from bench.students import BASES, SEED, SHARES, STUB, Student, choose_samples, make_class
from bench.verdicts import Verdicts, judge_class
from bench.watch import Reading, read_log, sum_up
from fixtures.submissions.build import names
from grader.batch.journal import Member
from grader.intake.arrivals import find_arrivals
from grader.intake.submission import fingerprint
from grader.lab import find_lab
from grader.results import CheckResult, Delivery, Outcome, Person, Result, SandboxInfo, SubmissionInfo, sum_task

ADA = Student("ada-0", "Ada", "right/plain-loop", "zip", "a" * 64)
BEN = Student("ben-1", "Ben", "right/terse", "tar", "b" * 64)
CUT = Student("cleo-2", "Cleo", "broken/half-a-zip", "broken/half-a-zip", "")


def graded(student: Student, points: float = 5.0, outcome: Outcome = Outcome.PASSED) -> Result:
    """Return a result of one check, as a batch leaves it."""
    check = CheckResult(id="formatting.a", title="A", outcome=outcome, points=points, max_points=5.0)
    return Result(
        lab="week07",
        submission=SubmissionInfo(id=student.id, sha256=student.sha256, files=1, bytes=1),
        score=points,
        max_score=5.0,
        tasks=[sum_task("formatting", "Formatting", [check])],
        training=None,
        rubric=[],
        sandbox=SandboxInfo(level="namespaces"),
        environment={},
        seed=SEED,
        delivery=Delivery(source="folder", people=[Person(name=student.name)]),
    )


def judge(results: Mapping[str, Result], *students: Student) -> Verdicts:
    """Judge a class of which those without a hash were refused."""
    roll = [Member(id=one.id, student=one.name, attempt=1, refused="" if one.sha256 else "cut off") for one in students]
    return judge_class(students, results, roll)


def test_a_class_in_order_has_no_complaint() -> None:
    verdicts = judge({ADA.id: graded(ADA), BEN.id: graded(BEN)}, ADA, BEN, CUT)
    assert verdicts == Verdicts(lost=[], mixed_up=[], astray=[])


def test_a_result_that_is_missing_is_lost() -> None:
    assert judge({ADA.id: graded(ADA)}, ADA, BEN).lost == [BEN.id]


@pytest.mark.parametrize("field", ["sha256", "name"])
def test_results_under_each_others_id_are_mixed_up(field: str) -> None:
    swapped = msgspec.structs.replace(ADA, **{field: getattr(BEN, field)})
    [said] = judge({ADA.id: graded(swapped), BEN.id: graded(BEN)}, ADA, BEN).mixed_up
    assert said.startswith(ADA.id)


def test_a_result_of_nobody_is_mixed_up() -> None:
    assert judge({ADA.id: graded(ADA), BEN.id: graded(BEN)}, ADA).mixed_up == [f"{BEN.id} is nobody's"]


def test_a_right_one_that_lost_points_and_a_broken_one_that_was_graded_went_astray() -> None:
    results = {ADA.id: graded(ADA, 0.0, Outcome.FAILED), CUT.id: graded(CUT)}
    [lost, graded_anyway] = judge(results, ADA, CUT).astray
    assert "formatting.a" in lost
    assert "not refused" in graded_anyway


def test_an_attack_that_gains_over_its_base_went_astray() -> None:
    base = Student("ben-1", "Ben", "demo/cleo-first-hour", "zip", "b" * 64)
    attack = Student("eve-3", "Eve", "hostile/a01-exit-zero-at-import", "zip", "e" * 64)
    results = {base.id: graded(base, 1.0, Outcome.FAILED), attack.id: graded(attack)}
    [said] = judge(results, base, attack).astray
    assert "it gained: formatting.a" in said


def test_what_an_attack_leaves_alone_may_earn_what_its_base_earns() -> None:
    base = Student("ben-1", "Ben", "right/plain-loop", "zip", "b" * 64)
    attack = Student("eve-3", "Eve", "hostile/a27-brings-an-adapter", "zip", "e" * 64)
    assert judge({base.id: graded(base), attack.id: graded(attack)}, base, attack).astray == []


def test_a_class_of_one_size_is_always_the_same_and_begins_with_the_bases() -> None:
    chosen = choose_samples(500, random.Random(SEED))
    assert chosen == choose_samples(500, random.Random(SEED))
    assert chosen[:4] == [*BASES, STUB]
    assert len(chosen) == 500
    assert {*chosen} == {STUB, *BROKEN, *(name for kind in SHARES for name in names(kind))}
    assert all(len(choose_samples(size, random.Random(SEED))) == size for size in range(200))


def test_the_grader_finds_the_whole_class_with_the_ids_names_and_files_foretold(tmp_path: Path) -> None:
    students = make_class(tmp_path / "root", 40)
    found = {one.id: one for one in find_arrivals(tmp_path / "root" / "class", tmp_path / "work")}
    assert {one.id: one.name for one in students} == {id: one.student for id, one in found.items()}
    assert len({one.form for one in students}) >= 6
    expected = find_lab("week07").expected_files
    for one in students:
        if one.sha256:
            assert fingerprint(found[one.id].path, expected).sha256 == one.sha256


def test_growth_is_seen_over_the_longest_run_and_start_up_is_none() -> None:
    stopped = [Reading(1, float(second), 100.0) for second in range(5)]
    steady = [Reading(2, float(second), 50.0 if second < 5 else 200.0) for second in range(100)]
    growing = [Reading(2, float(second), 100.0 + second) for second in range(101)]
    assert sum_up([*stopped, *steady]).growth_mib == 0.0
    summary = sum_up([*stopped, *growing])
    assert (summary.runs, summary.seconds, summary.peak_mib, summary.growth_mib) == (2, 104.0, 200.0, 90.0)


def test_a_log_that_broke_off_is_read_up_to_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(msgspec.json.encode(Reading(1, 2.0, 3.0)) + b'\n{"run":1,"sec')
    assert read_log(tmp_path / "log") == [Reading(1, 2.0, 3.0)]
    assert read_log(tmp_path / "none") == []
