"""The plugin as pytest sees it: exit codes, selection, manifest, journal, other plugins beside it."""

from pathlib import Path

import pytest

from tests.checks.mini_lab import RIGHT, MiniLab

STUB = 'def add(a, b):\n    raise NotImplementedError("task 1")\n'


@pytest.fixture
def lab(tmp_path: Path) -> MiniLab:
    """A fresh mini lab."""
    return MiniLab(tmp_path)


def test_pytest_ends_with_0_only_when_every_check_passed(lab: MiniLab) -> None:
    for source, code in ((RIGHT, 0), (STUB, 1), ("def add(a, b):\n    return 5\n", 1)):
        (lab.folder / "adding.py").write_text(source)
        assert lab.pytest("labs/mini").returncode == code


def test_without_a_submission_the_lab_folder_itself_is_checked(lab: MiniLab) -> None:
    (lab.folder / "adding.py").write_text(RIGHT)
    assert "4 passed" in lab.pytest("labs/mini").stdout


def test_not_attempted_checks_are_counted_under_that_name_and_not_as_failures(lab: MiniLab) -> None:
    (lab.folder / "adding.py").write_text(STUB)
    printed = lab.pytest("labs/mini").stdout
    assert "3 not attempted, 1 blocked" in printed
    assert "failed" not in printed


def test_checks_run_in_the_manifests_order(lab: MiniLab) -> None:
    path = lab.folder / "tests" / "test_adding.py"
    first, *rest = path.read_text().split("@check(20)\n")
    path.write_text("@check(20)\n".join([first, *reversed(rest)]))
    names = list(lab.check(RIGHT))
    assert names == ["adds", "is_a_property", "needs_the_sum", "refuses_text", "adds_big_numbers"]


def test_a_check_with_parameters_ends_as_the_worst_of_them(lab: MiniLab) -> None:
    (lab.folder / "tests" / "test_adding.py").write_text(
        "import pytest\n@pytest.mark.check(task='adding', points=20, title='T')\n"
        "@pytest.mark.parametrize('a', [1, 2, 3])\n"
        "def test_adds(submission, a):\n    assert submission.adding.add(a, 0) == a\n"
    )
    result = lab.check("def add(a, b):\n    return a if a != 2 else 9\n")["adds"]
    assert (result.outcome.value, result.points) == ("failed", 0)


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ("task='adding', points=19, title='T'", "the marker gives 19 points and lab.toml 20"),
        ("task='adding', points=20, title='T', hnit='x'", "no keyword hnit"),
        ("task='adding', points=20, title='T', needs='adding.nothing'", "no check of this lab: adding.nothing"),
        ("task='sums', points=20, title='T'", "lab.toml lists no check 'sums.adds'"),
        ("task='adding', points=20", "needs task (text), points (a number) and title (text)"),
    ],
)
def test_a_marker_that_disagrees_with_the_manifest_stops_with_one_sentence(lab: MiniLab, mark: str, told: str) -> None:
    (lab.folder / "tests" / "test_adding.py").write_text(
        f"import pytest\n@pytest.mark.check({mark})\ndef test_adds(submission):\n    pass\n"
    )
    ended = lab.pytest("labs/mini")
    assert ended.returncode == 4
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_damaged_lab_toml_stops_with_one_sentence(lab: MiniLab) -> None:
    (lab.folder / "lab.toml").write_text("lab = ")
    ended = lab.pytest("labs/mini")
    assert (ended.returncode, "not valid TOML" in ended.stderr) == (4, True)


def test_a_submission_that_is_no_folder_stops_with_one_sentence(lab: MiniLab) -> None:
    ended = lab.pytest("labs/mini", "--submission", "nowhere")
    assert (ended.returncode, "no such folder" in ended.stderr) == (4, True)


def test_the_same_seed_draws_the_same_examples(lab: MiniLab) -> None:
    source = "def add(a, b):\n    return a + b if (a * 7 + b) % 1000 else -1\n"
    runs = [lab.check(source, "--check-seed", "5")["is_a_property"].example for _ in range(2)]
    assert runs[0] == runs[1]


def test_two_processes_share_the_checks_under_xdist(lab: MiniLab) -> None:
    (lab.folder / "adding.py").write_text(RIGHT)
    ended = lab.pytest("labs/mini", "-n", "2")
    assert "4 passed" in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == 0


def test_a_submissions_own_pytest_files_are_not_read(lab: MiniLab) -> None:
    folder = lab.submit("def add(a, b):\n    return 0\n")
    (folder / "conftest.py").write_text("raise SystemExit('read')")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only")
    ended = lab.pytest("labs/mini", "--submission", str(folder))
    assert ended.returncode == 1
    assert "read" not in ended.stdout + ended.stderr
