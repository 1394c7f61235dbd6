"""A folder is read without following a link, waiting for a pipe or trusting that it holds still."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import HarnessError, SubmissionError
from grader.intake import Caps, Submission, open_submission
from grader.intake.folder import Folder, open_beneath
from grader.intake.snapshot import copy_files
from grader.intake.source import Entry

EXPECTED = ("one.py",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A right submission of one module, beside a secret that is none of its business."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("secret")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "one.py").write_text("print('never run')")
    return tmp_path / "ada"


def take(folder: Path, caps: Caps | None = None) -> Submission:
    return open_submission(folder, folder.parent / "work", EXPECTED, caps or Caps())


def copied(submission: Submission) -> Iterator[Path]:
    return (path for path in submission.root.rglob("*") if not path.is_dir())


def test_links_are_left_out_with_a_warning(folder: Path) -> None:
    (folder / "data").symlink_to(folder.parent / "secret", target_is_directory=True)
    (folder / "key").symlink_to(folder.parent / "secret" / "key")
    (folder / "lost").symlink_to(folder / "nowhere")
    submission = take(folder)
    assert [path.name for path in copied(submission)] == ["one.py"]
    assert submission.warnings == [
        "'data' and 2 more left out: a link or a special file; put a plain copy there if your code needs it."
    ]


def test_a_module_that_is_a_link_is_no_module(folder: Path) -> None:
    (folder / "one.py").unlink()
    (folder / "one.py").symlink_to(folder.parent / "secret" / "key")
    with pytest.raises(SubmissionError, match=r"one\.py is neither here"):
        take(folder)


def test_pipes_and_sockets_are_left_out_and_nobody_waits_for_them(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
        assert [path.name for path in copied(take(folder))] == ["one.py"]


@pytest.mark.parametrize("swap", ["link", "folder link", "pipe"])
def test_a_file_that_is_swapped_after_it_was_listed_is_refused(folder: Path, swap: str) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "key").write_text("plain")
    source = Folder(folder)
    listed = next(entry for entry in source.entries() if entry.parts == ("data", "key"))
    (folder / "data" / "key").unlink()
    if swap == "link":
        (folder / "data" / "key").symlink_to(folder.parent / "secret" / "key")
    elif swap == "pipe":
        os.mkfifo(folder / "data" / "key")
    else:
        (folder / "data").rmdir()
        (folder / "data").symlink_to(folder.parent / "secret", target_is_directory=True)
    with pytest.raises(SubmissionError, match="plain file"), source.open(listed):
        pass


def test_a_file_that_vanishes_after_it_was_listed_is_one_sentence(folder: Path) -> None:
    with pytest.raises(SubmissionError, match="vanished"), Folder(folder).open(Entry(("gone.py",), "file")):
        pass


def test_a_file_that_grows_after_it_was_listed_is_cut_off(folder: Path) -> None:
    class Growing(Folder):
        def entries(self) -> Iterator[Entry]:
            for entry in super().entries():
                yield Entry(entry.parts, entry.kind, size=1)

    (folder / "one.py").write_bytes(b"x" * 200)
    source = Growing(folder)
    with pytest.raises(SubmissionError, match="over"):
        copy_files(source, list(source.entries()), 0, folder.parent / "copy", Caps(file_bytes=100))


def test_the_folder_itself_may_be_reached_by_a_link_that_the_caller_named(folder: Path) -> None:
    link = folder.parent / "grace"
    link.symlink_to(folder)
    assert take(link).info.id == "grace"


def test_nothing_of_the_original_changes_and_the_copy_is_apart(folder: Path) -> None:
    before = (folder / "one.py").stat().st_mtime_ns
    submission = take(folder)
    (submission.root / "one.py").write_text("changed")
    assert (folder / "one.py").read_text() == "print('never run')"
    assert (folder / "one.py").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("caps", "trouble"),
    [
        (Caps(files=1), "holds 2 files"),
        (Caps(file_bytes=10), "claims"),
        (Caps(total_bytes=19), "its files are"),
        (Caps(name_bytes=8), "too long or too deep"),
        (Caps(depth=1), "too long or too deep"),
        (Caps(listed=1), "lists over"),
    ],
)
def test_a_folder_over_a_cap_is_refused_in_one_sentence(folder: Path, caps: Caps, trouble: str) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "train.jsonl").write_text("{}")
    with pytest.raises(SubmissionError, match=trouble) as caught:
        take(folder, caps)
    assert str(caught.value).startswith(f"{folder}: ")
    assert "\n" not in str(caught.value)


def test_names_that_differ_by_case_are_refused(folder: Path) -> None:
    (folder / "ONE.PY").write_text("")
    with pytest.raises(SubmissionError, match="one file on some disks"):
        take(folder)


def test_a_name_that_is_not_utf8_is_refused(folder: Path) -> None:
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("")
    with pytest.raises(SubmissionError, match="not UTF-8"):
        take(folder)


def test_a_folder_without_the_labs_files_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match=r"empty: none of one\.py, two\.py is here"):
        open_submission(tmp_path / "empty", tmp_path / "work", ("one.py", "two.py"))


def test_a_folder_without_the_labs_only_file_says_so_of_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SubmissionError, match=r"empty: one\.py is neither here .*; hand in the folder that holds it\."):
        open_submission(tmp_path / "empty", tmp_path / "work", ("one.py",))


def test_two_submissions_in_one_folder_are_refused(tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "one.py").touch()
    with pytest.raises(SubmissionError, match=r"2 submissions \('ada', 'ben', …\)"):
        take(tmp_path / "class")


@pytest.mark.parametrize("kind", ["nothing", "loop", "text", "pipe"])
def test_a_path_that_is_no_submission_is_one_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "loop":
        path.symlink_to(path)
    elif kind == "text":
        path.write_text("just a letter")
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(SubmissionError, match=r"/x: .*(folder|file there)"):
        open_submission(path, tmp_path / "work", EXPECTED)


def test_a_workspace_that_is_not_fresh_is_our_fault(folder: Path) -> None:
    take(folder)
    with pytest.raises(HarnessError, match="File exists"):
        take(folder)


def test_open_beneath_closes_what_it_opened(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with open_beneath(folder, ("a", "b")) as stream:
        assert stream.read() == b"x"
    with pytest.raises(FileNotFoundError), open_beneath(folder, ("a", "c")):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before
