"""Whole gradings: right, untouched and lesson-bound submissions, each with real checks and a real training run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks.warm import WarmChecks
from grader.grade import Grading, write_result
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.results import Outcome, Result, encode
from grader.training import choose_model
from grader.worker import Server

REFERENCE = PROJECT / "solutions" / "week07"
STUBS = PROJECT / "labs" / "week07"
SEED = 11


@pytest.fixture(scope="module")
def grading(warm_server: Server) -> Iterator[Grading]:
    """Week 07 on the bundled model."""
    lab = find_lab("week07")
    with WarmChecks(lab, SEED) as checks:
        yield Grading(lab, choose_model(lab, "tiny-gpt2", "cpu"), warm_server, checks, SEED, lambda message: None)


@pytest.fixture(scope="module")
def reference(grading: Grading) -> Result:
    """The reference, graded once."""
    return grading.grade(REFERENCE)


def test_the_reference_scores_100_of_100(reference: Result) -> None:
    lost = [(check.id, check.message) for check in reference.checks() if check.points != check.max_points]
    assert lost == []
    assert (reference.score, reference.max_score) == (100, 100)


def test_the_reference_adopts_the_hidden_voice_where_the_base_does_not(reference: Result) -> None:
    assert reference.training is not None
    style = reference.training.measurements["style_adoption"]
    assert style.base == 0
    assert style.value >= 0.9
    assert all(sample.base != sample.tuned for sample in reference.training.samples)


def test_the_same_seed_gives_the_same_result_but_for_durations(grading: Grading, reference: Result) -> None:
    assert without_durations(json.loads(encode(grading.grade(REFERENCE)))) == without_durations(
        json.loads(encode(reference))
    )


def test_untouched_stubs_score_0_and_nothing_is_called_a_failure(grading: Grading) -> None:
    result = grading.grade(STUBS)
    assert (result.score, result.max_score) == (0, 100)
    assert {check.outcome for check in result.checks()} <= {Outcome.NOT_ATTEMPTED, Outcome.BLOCKED}


def test_the_report_and_the_record_land_in_one_folder(reference: Result, tmp_path: Path) -> None:
    page = write_result(reference, tmp_path / "week07" / "ada")
    assert sorted(path.name for path in page.parent.iterdir()) == ["index.html", "result.json"]
    assert "100" in page.read_text()


@pytest.mark.slow
def test_an_archive_scores_as_the_folder_it_was_packed_from(
    grading: Grading, tmp_path: Path, reference: Result
) -> None:
    packed = shutil.make_archive(str(tmp_path / "week07"), "zip", REFERENCE)
    result = grading.grade(Path(packed))
    assert (result.submission.sha256, result.score) == (reference.submission.sha256, 100)


def without_durations(value: object) -> object:
    """Drop every field that holds seconds, at any depth."""
    if isinstance(value, dict):
        return {key: without_durations(item) for key, item in value.items() if not is_duration(key)}
    return [without_durations(item) for item in value] if isinstance(value, list) else value


def is_duration(key: str) -> bool:
    """Tell whether a field of result.json holds a duration."""
    return key.endswith("_s") or key == "seconds"
