"""The engine of this machine: how many at once, what a job may find, what stopping leaves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.jobs import Job, carry_out
from grader.batch.local import LocalEngine, open_local
from grader.batch.settings import Asked, Terms, settle_terms
from grader.checks.warm import WarmChecks
from grader.errors import HarnessError, SubmissionError
from grader.grade import Grading, take_in
from grader.lab import find_lab
from grader.worker import Server
from tests.batch.classroom import RIGHT, SEED


def terms_with(memory_mb: int) -> Terms:
    """Return the terms of week 00 where a job may use so much memory."""
    terms = settle_terms(Asked(find_lab("week00"), seed=SEED), None, Path("out"))
    limits = terms.lab.spec.limits.model_copy(update={"memory_mb": memory_mb})
    return replace(terms, lab=replace(terms.lab, spec=terms.lab.spec.model_copy(update={"limits": limits})))


def test_one_job_may_always_run_and_another_only_where_memory_would_do() -> None:
    engine = open_local(terms_with(memory_mb=2**40), jobs=8)
    assert engine.room("checks", [])
    assert not engine.room("checks", ["checks"])


def test_no_more_jobs_run_than_were_asked_for() -> None:
    engine = open_local(terms_with(memory_mb=1), jobs=3)
    rooms = [engine.room("training", ["checks", "training"] * half) for half in range(3)]
    assert rooms == [True, True, False]


def test_an_engine_that_was_given_nothing_starts_nothing() -> None:
    def never() -> object:
        raise AssertionError("nothing was to be started")

    LocalEngine(terms_with(1), never, 1).close()  # type: ignore[arg-type]


@pytest.fixture
def grading(warm_server: Server) -> Iterator[Grading]:
    """Week 00."""
    lab = find_lab("week00")
    with WarmChecks(lab, SEED) as checks:
        yield Grading(lab, None, warm_server, checks, SEED, lambda message: None)


def test_a_submission_that_changes_while_it_waits_is_not_graded_as_another(grading: Grading, tmp_path: Path) -> None:
    (tmp_path / "warmup.py").write_text(RIGHT)
    with take_in(tmp_path, grading.lab) as submission:
        sha256 = submission.info.sha256
    job = Job(stage="checks", id="ada", path=str(tmp_path), sha256=sha256)
    assert {check.points for check in carry_out(grading, job).checks} == {10, 20, 30}
    (tmp_path / "warmup.py").write_text(RIGHT + "\n")
    with pytest.raises(HarnessError, match="changed while it was being graded"):
        carry_out(grading, job)
    (tmp_path / "warmup.py").unlink()
    with pytest.raises(SubmissionError):
        carry_out(grading, job)
