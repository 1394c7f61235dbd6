"""A student's copy works and holds no answer: not in its files, not in git's objects, not in what pip installs."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.assign.release import write_release
from grader.assign.secrets import find_leaks, read_secrets
from grader.errors import LabError, UsageError
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT

LABS = [path.parent.name for path in sorted(PROJECT.glob("labs/*/lab.toml"))]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The warm-up lab with its solution, in a project of its own that a test may spoil."""
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week00", tmp_path / side / "week00")
    return find_lab(str(tmp_path / "labs" / "week00"))


def leaks(lab: Lab, contents: Iterator[tuple[str, bytes]]) -> list[str]:
    secrets = read_secrets(lab)
    return [leak for name, content in contents for leak in find_leaks(name, content, secrets)]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    return ((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)


def git_objects(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every object in a repository, reachable or not."""

    def git(*command: str) -> bytes:
        return subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True).stdout

    for line in git("cat-file", "--batch-all-objects", "--batch-check").decode().splitlines():
        id, kind, _ = line.split()
        yield f"{kind} {id}", git("cat-file", "-p", id)


@pytest.mark.parametrize("name", LABS)
def test_no_file_and_no_git_object_of_a_copy_holds_an_answer(name: str, tmp_path: Path) -> None:
    lab = find_lab(name)
    written = write_release(lab, tmp_path / "copy", git=True)
    assert Path("labs", name, "lab.toml") in written
    assert not (tmp_path / "copy" / "solutions").exists()
    assert leaks(lab, files(tmp_path / "copy")) == []
    assert leaks(lab, git_objects(tmp_path / "copy")) == []


def test_what_pip_installs_holds_no_answer(tmp_path: Path) -> None:
    source = tmp_path / "source"
    kept = subprocess.run(["git", "-C", str(PROJECT), "ls-files", "-co", "--exclude-standard"], capture_output=True)
    for name in kept.stdout.decode().splitlines():
        if (PROJECT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, source / name)
    build = "import setuptools.build_meta as b; b.build_wheel('../built'); b.build_sdist('../built')"
    (tmp_path / "built").mkdir()
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    wheel, sdist = next(tmp_path.glob("built/*.whl")), next(tmp_path.glob("built/*.tar.gz"))
    for name in LABS:
        assert leaks(find_lab(name), unpacked(wheel, sdist)) == []


def unpacked(wheel: Path, sdist: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        yield from ((f"wheel: {name}", archive.read(name)) for name in archive.namelist())
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            if content := archive.extractfile(member):
                yield f"sdist: {member.name}", content.read()


def test_the_search_finds_what_does_leak() -> None:
    lab = find_lab("week07")
    assert lab.solutions is not None
    assert leaks(lab, iter([("copy.py", (lab.solutions / "formatting.py").read_bytes())]))
    assert leaks(lab, iter([("hidden.py", (lab.solutions / "tests" / "test_training_hidden.py").read_bytes())]))
    assert leaks(lab, iter([("rows", (lab.solutions / "heldout" / "questions.jsonl").read_bytes())]))


def test_the_tests_run_in_a_copy(lab: Lab, tmp_path: Path) -> None:
    write_release(lab, tmp_path / "copy", git=False)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "labs/week00", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        command, cwd=tmp_path / "copy", env=environment | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "not attempted" in run.stdout
    assert (tmp_path / "copy" / "reports" / "practice" / "week00" / "index.html").is_file()


def test_a_copys_conftest_is_this_projects(lab: Lab, tmp_path: Path) -> None:
    write_release(lab, tmp_path / "copy", git=False)
    assert (tmp_path / "copy" / "conftest.py").read_bytes() == (PROJECT / "conftest.py").read_bytes()


def test_the_commit_says_nothing_of_who_made_it(lab: Lab, tmp_path: Path) -> None:
    write_release(lab, tmp_path / "copy", git=True)
    log = ["git", "-C", str(tmp_path / "copy"), "log", "--format=%an %ae %cn %ce %ad"]
    assert subprocess.run(log, check=True, capture_output=True, text=True).stdout.splitlines() == [
        "Course course@localhost Course course@localhost Sat Jan 1 00:00:00 2000 +0000"
    ]


def test_a_stub_that_holds_a_line_of_the_solution_is_refused(lab: Lab, tmp_path: Path) -> None:
    assert lab.solutions is not None
    shutil.copyfile(lab.solutions / "warmup.py", lab.folder / "warmup.py")
    with pytest.raises(LabError, match=r"warmup\.py, line \d+, is a line of the solution"):
        write_release(lab, tmp_path / "copy", git=False)
    assert not (tmp_path / "copy").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".copy")]


def test_a_hidden_test_among_the_visible_ones_is_refused(lab: Lab, tmp_path: Path) -> None:
    assert lab.hidden_tests is not None
    for path in lab.hidden_tests.glob("test_*.py"):
        shutil.copyfile(path, lab.folder / "tests" / path.name)
    with pytest.raises(LabError, match="holds a piece of solutions/week00/tests"):
        write_release(lab, tmp_path / "copy", git=False)


def test_a_lab_without_its_solution_is_not_released(lab: Lab, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "solutions")
    with pytest.raises(LabError, match="has no solutions here"):
        write_release(find_lab(str(lab.folder)), tmp_path / "copy", git=False)


@pytest.mark.parametrize("occupied", ["a file", "a folder with something in it"])
def test_nothing_is_written_over(lab: Lab, tmp_path: Path, occupied: str) -> None:
    dest = tmp_path / "copy"
    mine = dest if occupied == "a file" else dest / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        write_release(lab, dest, git=False)
    assert mine.read_text() == "mine"


def test_what_runs_leave_behind_is_not_released(lab: Lab, tmp_path: Path) -> None:
    for name in ("__pycache__/warmup.cpython-311.pyc", ".hypothesis/examples", ".env"):
        (lab.folder / name).parent.mkdir(exist_ok=True)
        (lab.folder / name).write_text("left behind")
    written = write_release(lab, tmp_path / "copy", git=False)
    assert [path for path in written if {"__pycache__", ".hypothesis", ".env"} & set(path.parts)] == []
