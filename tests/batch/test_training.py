"""Training in a batch: on the bundled model, last, and not for those whose run is certain to end before it begins."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from grader.batch.untrainable import certain_failure
from grader.checks.warm import WarmChecks
from grader.grade import Grading, take_in
from grader.intake import Submission
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.results import CheckResult, Outcome, TrainingResult
from grader.training import choose_model
from grader.worker import Server
from tests.batch.classroom import SEED, Classroom

STUB = (PROJECT / "labs" / "week07" / "training.py").read_text()
CERTAIN = {
    "missing": None,
    "untouched": STUB,
    "no Python": "def fine_tune(:\n",
    "an import that fails": f"import nothing_of_this_name\n{STUB}",
    "raises at its top level": "def broken():\n    raise ValueError('not yet')\n\nbroken()\n",
}
UNCERTAIN = {
    "each function raises": "def fine_tune(*a, **k):\n    raise ValueError\n\nmake_training_arguments = fine_tune",
    "one function is written": f"{STUB}\n\ndef diagnose(run):\n    return []\n",
}


@pytest.fixture(scope="module")
def grading(warm_server: Server) -> Iterator[Grading]:
    """Week 07 on the bundled model."""
    lab = find_lab("week07")
    with WarmChecks(lab, 3) as checks:
        yield Grading(lab, choose_model(lab, "tiny-gpt2", "cpu"), warm_server, checks, 3, lambda message: None)


@pytest.fixture
def elsewhere(grading: Grading) -> dict[str, CheckResult]:
    """The checks of all other tasks, decided: they say nothing about training."""
    points = grading.lab.spec.manifest()
    return {
        id: CheckResult(id=id, title=id, outcome=Outcome.PASSED, points=points[id], max_points=points[id])
        for id in points
        if not id.startswith("training.")
    }


def hand_in(folder: Path, source: str | None) -> Path:
    """Return a submission whose training.py is this, or is missing."""
    folder.mkdir()
    (folder / "formatting.py").write_text("")
    if source is not None:
        (folder / "training.py").write_text(source)
    return folder


def judged(grading: Grading, submission: Submission, elsewhere: Mapping[str, CheckResult]) -> TrainingResult | None:
    """Run the checks of the training task; return what is certain after them."""
    assert grading.choice is not None
    return certain_failure(grading.lab, grading.choice, list(grading.check(submission, elsewhere).values()))


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_not_sent_to_train_gets_the_result_that_the_run_would_have_given(
    grading: Grading, elsewhere: dict[str, CheckResult], tmp_path: Path, name: str
) -> None:
    with take_in(hand_in(tmp_path / "s", CERTAIN[name]), grading.lab) as submission:
        certain = judged(grading, submission, elsewhere)
        run = grading.train(submission)
    assert certain is not None
    assert run is not None
    assert certain == msgspec.structs.replace(run, seconds=certain.seconds)


@pytest.mark.parametrize("name", UNCERTAIN)
def test_where_there_is_any_doubt_the_run_decides(
    grading: Grading, elsewhere: dict[str, CheckResult], tmp_path: Path, name: str
) -> None:
    with take_in(hand_in(tmp_path / "s", UNCERTAIN[name]), grading.lab) as submission:
        assert judged(grading, submission, elsewhere) is None


def test_an_import_that_takes_too_long_for_a_check_may_not_for_the_run(grading: Grading) -> None:
    points = grading.lab.spec.manifest()
    late = [
        CheckResult(id=id, title=id, outcome=Outcome.TIMED_OUT, points=0, max_points=points[id], message="No answer")
        for id in points
        if id.startswith("training.")
    ]
    assert grading.choice is not None
    assert certain_failure(grading.lab, grading.choice, late) is None


def test_a_class_is_trained_last_once_and_without_those_who_wrote_nothing(classroom: Classroom) -> None:
    lab = find_lab("week07")
    for name, source in (("ada", PROJECT / "solutions" / "week07"), ("cleo", PROJECT / "labs" / "week07")):
        ignored = shutil.ignore_patterns("tests", "heldout", "calibration", "__pycache__")
        shutil.copytree(source, classroom.folder / name, ignore=ignored)
    first = classroom.batch(lab=lab, model="tiny-gpt2", seed=SEED)
    assert first.jobs == ["checks ada", "checks cleo", "training ada"]
    assert (classroom.result("ada").score, classroom.result("cleo").score) == (100, 0)
    training = classroom.result("cleo").training
    assert training is not None
    assert (training.outcome, training.message) == (Outcome.NOT_ATTEMPTED, "fine_tune is not written yet.")
    assert classroom.batch(lab=lab).jobs == []
