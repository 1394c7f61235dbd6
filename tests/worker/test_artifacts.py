"""Artifacts: a folder that hostile code filled is read without following, waiting for or trusting anything."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from grader.worker import StudentError, artifacts
from grader.worker.artifacts import MAX_FILES, collect


def collected(folder: Path, max_bytes: int = 2**20) -> dict[str, bytes]:
    return collect(os.open(folder, os.O_RDONLY | os.O_DIRECTORY), max_bytes)


def test_files_come_with_their_relative_paths(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.bin").write_bytes(b"\x00")
    (tmp_path / "d.txt").write_bytes(b"d")
    assert collected(tmp_path) == {"a/b/c.bin": b"\x00", "d.txt": b"d"}


def test_links_to_files_and_folders_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for target in ("/etc/passwd", "/etc", "missing"):
        (folder / "link").symlink_to(target)
        with pytest.raises(StudentError, match="link is a link or a special file"):
            collected(folder)
        (folder / "link").unlink()


def test_a_second_name_of_another_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "mine").hardlink_to(tmp_path / "secret")
    with pytest.raises(StudentError, match="mine is a link to another file"):
        collected(folder)


def test_a_fifo_does_not_make_us_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StudentError, match="special file"):
        collected(tmp_path)


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(StudentError, match="special file"):
            collected(tmp_path)


def test_the_sum_of_sizes_is_capped(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"x" * 400_000)
    with pytest.raises(StudentError, match="larger than 1 MiB in all"):
        collected(tmp_path)


def test_a_sparse_file_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(StudentError, match="larger than"):
        collected(tmp_path)


def test_the_number_of_files_and_the_depth_are_capped(tmp_path: Path) -> None:
    many, deep = tmp_path / "many", tmp_path / "deep"
    many.mkdir()
    for number in range(MAX_FILES + 1):
        (many / str(number)).touch()
    (deep / "/".join("abcdefghij")).mkdir(parents=True)
    with pytest.raises(StudentError, match="more than 200 files"):
        collected(many)
    with pytest.raises(StudentError, match="nested more than 8 deep"):
        collected(deep)


@pytest.mark.parametrize("name", [b"\xff", b"\x1b[31m", b"a\nb", "\u202egnp".encode()])
def test_a_name_that_is_not_printable_is_refused(name: bytes, tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).touch()
    with pytest.raises(StudentError, match="not printable"):
        collected(tmp_path)


CHURN = """
import os, sys
os.chdir(sys.argv[1])
print("begun", flush=True)
while True:
    for number in range(20):
        os.mkdir(f"folder{number}")
        os.close(os.open(f"file{number}", os.O_CREAT))
        os.rmdir(f"folder{number}")
        os.unlink(f"file{number}")
"""


def test_a_folder_that_changes_while_it_is_read_is_taken_or_refused(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CHURN, tmp_path], stdout=subprocess.PIPE) as churning:
        try:
            assert churning.stdout is not None
            churning.stdout.readline()
            for _ in range(1000):
                with suppress(StudentError):
                    collected(tmp_path)
        finally:
            churning.kill()


def test_a_file_that_became_a_folder_before_it_was_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adapter_config.json").mkdir()
    monkeypatch.setattr(artifacts, "_is_folder", lambda *seen: False)  # a file, when it was looked at
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(StudentError, match="only regular files"):
        collected(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
