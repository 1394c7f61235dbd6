"""Owned folders: gone with their owner, and removable whatever hostile code put into them."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from grader.worker.folders import OwnedFolder, remove_tree, sweep


def test_a_folder_is_private_and_removed_twice_without_complaint() -> None:
    folder = OwnedFolder()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.remove()
    folder.remove()
    assert not folder.path.exists()


def test_a_sweep_removes_what_a_killed_owner_left_and_nothing_that_is_in_use() -> None:
    code = "from grader.worker.folders import OwnedFolder; import os; print(OwnedFolder().path, flush=True); os.abort()"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    abandoned = Path(done.stdout.strip())
    assert abandoned.is_dir()
    ours = OwnedFolder()
    sweep()
    assert not abandoned.exists()
    assert ours.path.is_dir()
    ours.remove()


def test_a_sweep_leaves_other_folders_of_the_grader_alone() -> None:
    with tempfile.TemporaryDirectory(prefix="grader-submission-") as other:
        sweep()
        assert Path(other).is_dir()


def test_a_sweep_follows_no_link(tmp_path: Path) -> None:
    ours = OwnedFolder()
    link = ours.path.parent / "grader-worker-link"
    link.symlink_to(tmp_path)
    (tmp_path / "kept").touch()
    try:
        sweep()
        assert (tmp_path / "kept").exists()
    finally:
        link.unlink()
        ours.remove()


def test_a_chain_of_thousands_of_folders_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    place = os.open(root, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    remove_tree(root)
    assert not root.exists()


def test_links_odd_names_and_closed_folders_are_removed_and_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (root / "closed" / "inner").mkdir(parents=True)
    (root / "closed" / "link").symlink_to(outside)
    Path(os.fsdecode(bytes(root) + b"/\xff\n")).touch()
    os.mkfifo(root / "fifo")
    (root / "closed" / "inner").chmod(0)
    (root / "closed").chmod(0)
    remove_tree(root)
    assert not root.exists()
    assert (outside / "kept").exists()
