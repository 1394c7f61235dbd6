"""The records and their JSON."""

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import HarnessError
from grader.results import (
    SCHEMA,
    CheckResult,
    Outcome,
    Result,
    SandboxInfo,
    SubmissionInfo,
    decode,
    encode,
    sum_task,
    tidy,
    write_atomically,
)
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts


def check(outcome: Outcome, points: float, max_points: float) -> CheckResult:
    """A check with an outcome."""
    return CheckResult(id="a.b", title="t", outcome=outcome, points=points, max_points=max_points)


def result(**changes: object) -> Result:
    """A small result."""
    base = Result(
        lab="week07",
        submission=SubmissionInfo(id="ada", sha256="0" * 64, files=1, bytes=1),
        score=0.0,
        max_score=3.0,
        tasks=[sum_task("formatting", "F", [check(Outcome.FAILED, 0, 3)])],
        training=None,
        rubric=[],
        sandbox=SandboxInfo(level="landlock"),
        environment={},
        seed=1,
    )
    return msgspec.structs.replace(base, **changes)


def test_a_result_survives_its_json() -> None:
    assert decode(encode(result())) == result()


def test_result_json_names_its_schema_first() -> None:
    assert encode(result()).startswith(b'{\n  "schema": "' + SCHEMA.encode() + b'"')


def test_a_harness_error_counts_neither_for_nor_against() -> None:
    task = sum_task("a", "A", [check(Outcome.PASSED, 2, 2), check(Outcome.HARNESS_ERROR, 0, 5)])
    assert (task.points, task.max_points) == (2, 2)


@pytest.mark.parametrize("points", [math.nan, math.inf, -math.inf])
def test_points_that_are_no_number_are_never_written(points: float) -> None:
    with pytest.raises(HarnessError, match="points came out as"):
        tidy(points)


@given(st.lists(st.floats(0, 100), max_size=40))
def test_points_are_rounded_to_cents(points: list[float]) -> None:
    assert abs(tidy(sum(points)) - sum(points)) <= 0.0051


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "result.json"
    write_atomically(target, b"old" * 1000)
    write_atomically(target, b"new")
    assert [(path.name, path.read_bytes()) for path in target.parent.iterdir()] == [("result.json", b"new")]


def test_a_result_with_an_unknown_outcome_is_refused() -> None:
    damaged = encode(result()).replace(b'"failed"', b'"passed_honestly"')
    with pytest.raises(msgspec.ValidationError, match="passed_honestly"):
        decode(damaged)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_is_json_that_reads_back_and_gives_no_command(attack: str) -> None:
    written = encode(change_texts(SAMPLE, lambda _: attack))
    assert decode(written) == change_texts(SAMPLE, lambda _: attack.encode(errors="replace").decode())
    assert b"##[" not in written
    assert not any(line.strip().startswith(b"::") for line in written.splitlines())
