"""What a check's hash covers: itself, what it uses, what it needs, and nothing else."""

from pathlib import Path

import pytest

from grader.batch.sources import hash_checks
from grader.errors import LabError
from grader.lab import open_lab
from tests.checks.mini_lab import MiniLab


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """The visible tests of a mini lab."""
    return MiniLab(tmp_path).folder / "tests" / "test_adding.py"


def changed_by(tests: Path, old: str, new: str) -> set[str]:
    """Return the checks whose hash changes when a text is replaced in a file."""
    lab = open_lab(tests.parents[1])
    before = hash_checks(lab)
    text = tests.read_text()
    assert old in text
    tests.write_text(text.replace(old, new, 1))
    after = hash_checks(lab)
    return {id.partition(".")[2] for id in after if after[id] != before[id]}


def test_every_check_that_pytest_runs_has_its_own_hash(tests: Path) -> None:
    lab = open_lab(tests.parents[1])
    hashes = hash_checks(lab)
    assert hashes.keys() == lab.spec.manifest().keys()
    assert len(set(hashes.values())) == len(hashes)


def test_a_changed_function_changes_one_check_and_what_needs_it(tests: Path) -> None:
    assert changed_by(tests, '.add("a", 1)', '.add("b", 1)') == {"refuses_text"}
    assert changed_by(tests, "add(2, 2) == 4", "add(2, 3) == 5") == {"adds", "needs_the_sum"}
    assert changed_by(tests, "add(1, 1) == 2", "add(1, 2) == 3") == {"needs_the_sum"}


def test_the_rest_of_a_file_belongs_to_all_its_checks(tests: Path) -> None:
    assert changed_by(tests, 'hint="carry"', 'hint="care"') == {
        *("adds", "is_a_property", "needs_the_sum", "refuses_text")
    }


def test_a_file_beside_the_tests_belongs_to_every_check(tests: Path) -> None:
    (tests.parent / "strategies.py").write_text("most = 3\n")
    assert len(changed_by(tests.parent / "strategies.py", "3", "4")) == 5


def test_comments_and_places_change_nothing(tests: Path) -> None:
    assert changed_by(tests, "import pytest\n", "import pytest  # of course\n\n\n") == set()


def test_needs_that_cannot_be_read_here_mean_all_checks(tests: Path) -> None:
    tests.write_text(tests.read_text().replace('needs="adding.adds"', "needs=elsewhere()"))
    assert "needs_the_sum" in changed_by(tests, '.add("a", 1)', '.add("b", 1)')


def test_a_check_whose_function_is_not_found_depends_on_all_files(tests: Path) -> None:
    tests.write_text(tests.read_text().replace("def test_adds(", "class TestMore:\n  def test_adds("))
    assert "adds" in changed_by(tests, '.add("a", 1)', '.add("b", 1)')


def test_a_file_that_is_no_python_is_named(tests: Path) -> None:
    tests.write_text("def broken(:\n")
    with pytest.raises(LabError, match=r"test_adding\.py: not valid Python"):
        hash_checks(open_lab(tests.parents[1]))
