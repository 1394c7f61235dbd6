"""Every way a check can end, the same in the student's own process and across the boundary."""

from pathlib import Path

import pytest

from grader.results import CheckResult, Outcome
from tests.checks.mini_lab import RIGHT, MiniLab


@pytest.fixture(params=["in process", "boundary"])
def boundary(request: pytest.FixtureRequest) -> str | None:
    """No address, then a warm server's."""
    return None if request.param == "in process" else str(request.getfixturevalue("warm_server").address)


@pytest.fixture
def lab(tmp_path: Path) -> MiniLab:
    """A fresh mini lab."""
    return MiniLab(tmp_path)


def outcomes(results: dict[str, CheckResult]) -> dict[str, str]:
    """Names and outcomes alone."""
    return {name: result.outcome.value for name, result in results.items()}


def test_a_right_submission_passes_every_check(lab: MiniLab, boundary: str | None) -> None:
    results = lab.check(RIGHT, boundary=boundary)
    assert set(outcomes(results).values()) == {"passed"}
    assert sum(result.points for result in results.values()) == 100
    assert [name for name, result in results.items() if result.hidden] == ["adds_big_numbers"]


def test_untouched_stubs_are_not_attempted_and_what_needs_them_is_blocked(lab: MiniLab, boundary: str | None) -> None:
    results = lab.check('def add(a, b):\n    raise NotImplementedError("task 1: add")\n', boundary=boundary)
    assert outcomes(results) == {
        "adds": "not_attempted",
        "is_a_property": "not_attempted",
        "needs_the_sum": "blocked",
        "refuses_text": "not_attempted",
        "adds_big_numbers": "not_attempted",
    }
    assert results["adds"].message == "task 1: add"
    assert "Waits for “T”" in results["needs_the_sum"].message


def test_a_failing_property_shows_the_smallest_example(lab: MiniLab, boundary: str | None) -> None:
    results = lab.check("def add(a, b):\n    return a + b if b < 100 else a + b + 1\n", boundary=boundary)
    failed = results["is_a_property"]
    assert failed.outcome is Outcome.FAILED
    assert failed.example is not None
    assert failed.example.call == "add(0, 100)" or failed.example.call == "add(a=0, b=100)"
    assert (failed.example.returned, failed.example.expected) == ("101", "100")
    assert (failed.hint, failed.lesson) == ("carry", "README.md#add")


def test_a_diagnosis_of_the_check_replaces_the_general_hint(lab: MiniLab, boundary: str | None) -> None:
    failed = lab.check("def add(a, b):\n    return a\n", boundary=boundary)["is_a_property"]
    assert (failed.message, failed.hint) == ("The second number is lost.", "look at b")
    assert failed.example is not None
    assert failed.example.returned == "0"
    assert failed.example.expected == "1"


def test_an_exception_shows_the_student_their_own_lines_only(lab: MiniLab, boundary: str | None) -> None:
    source = "def add(a, b):\n    return deeper(a, b)\n\ndef deeper(a, b):\n    return a / 0\n"
    errored = lab.check(source, boundary=boundary)["adds"]
    assert errored.outcome is Outcome.ERRORED
    assert errored.message == "ZeroDivisionError: division by zero"
    assert errored.example is not None
    assert errored.example.traceback is not None
    assert "return a / 0" in errored.example.traceback
    assert "grader" not in errored.example.traceback
    assert str(lab.root) not in errored.example.traceback


def test_an_endless_loop_times_out_alone(lab: MiniLab, boundary: str | None) -> None:
    source = "def add(a, b):\n    while b == 2 and a == 2: pass\n    return a + b\n"
    results = lab.check(source, boundary=boundary)
    assert results["adds"].outcome is Outcome.TIMED_OUT
    assert results["adds_big_numbers"].outcome is Outcome.PASSED


def test_a_missing_exception_is_said_in_plain_words(lab: MiniLab, boundary: str | None) -> None:
    failed = lab.check("def add(a, b):\n    return 0\n", boundary=boundary)["refuses_text"]
    assert (failed.outcome, failed.message) == (Outcome.FAILED, "Expected a ValueError, and none was raised.")


def test_another_exception_than_the_expected_one_is_the_students_error(lab: MiniLab, boundary: str | None) -> None:
    errored = lab.check("def add(a, b):\n    return a + b\n", boundary=boundary)["refuses_text"]
    assert errored.outcome is Outcome.ERRORED
    assert errored.message.startswith("TypeError: ")


def test_a_wrong_type_that_the_check_stumbles_over_is_a_failure_and_no_fault_of_ours(
    lab: MiniLab, boundary: str | None
) -> None:
    (lab.folder / "tests" / "test_adding.py").write_text(
        "import pytest\n@pytest.mark.check(task='adding', points=20, title='T')\n"
        "def test_adds(submission):\n    assert submission.adding.add(2, 2).bit_length() == 3\n"
    )
    failed = lab.check("def add(a, b):\n    return None\n", boundary=boundary)["adds"]
    assert failed.outcome is Outcome.FAILED
    assert "cannot be used as the lab describes it" in failed.message


def test_a_check_that_is_broken_itself_is_a_harness_error(lab: MiniLab, boundary: str | None) -> None:
    (lab.folder / "tests" / "test_adding.py").write_text(
        "import pytest\n@pytest.mark.check(task='adding', points=20, title='T')\n"
        "def test_adds(submission):\n    1 / 0\n"
    )
    assert lab.check(RIGHT, boundary=boundary)["adds"].outcome is Outcome.HARNESS_ERROR


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("import os\nos._exit(0)\n", id="exits with 0 at import"),
        pytest.param(
            "import atexit, os\natexit.register(os._exit, 0)\ndef add(a, b):\n    raise SystemExit(0)\n", id="A2"
        ),
        pytest.param(
            "import pytest, hypothesis\npytest.raises = hypothesis.given = lambda *a, **k: (lambda f: f)\n"
            "def add(a, b):\n    return 0\n",
            id="A3 patches pytest",
        ),
        pytest.param(
            "class Yes(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
            "def add(a, b):\n    return Yes()\n",
            id="A4 equals everything",
        ),
        pytest.param(
            "import sys\ndef add(a, b):\n    frame = sys._getframe()\n    while frame:\n"
            "        if 'expected' in frame.f_locals: return frame.f_locals['expected']\n"
            "        frame = frame.f_back\n",
            id="A5 reads frames",
        ),
    ],
)
def test_tricks_that_fool_graders_in_process_earn_nothing_across_the_boundary(
    lab: MiniLab, warm_server: "object", attack: str
) -> None:
    results = lab.check(attack, boundary=str(warm_server.address))  # type: ignore[attr-defined]
    assert len(results) == 5
    assert sum(result.points for result in results.values()) == 0
