import os
import shutil
from pathlib import Path

import pytest

from grader.errors import SubmissionError, UsageError
from grader.feedback.changes import changed_labs, folder_of
from grader.feedback.run import Terms, give_feedback


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Two equal trees with two labs each."""
    base, tree = tmp_path / "base", tmp_path / "tree"
    for lab in ("one", "two"):
        (base / "labs" / lab / "data").mkdir(parents=True)
        (base / "labs" / lab / "lab.toml").write_text(f'lab = "{lab}"')
        (base / "labs" / lab / "code.py").write_text("x = 1\n")
    shutil.copytree(base, tree)
    return base, tree


def names(base: Path, tree: Path) -> list[str]:
    return [lab.name for lab in changed_labs(base, tree)]


def test_equal_trees_change_no_lab(trees: tuple[Path, Path]) -> None:
    base, tree = trees
    os.utime(tree / "labs" / "one" / "code.py", (0, 0))
    (tree / "labs" / "three").mkdir()
    (tree / "labs" / "three" / "lab.toml").write_text("new: nothing to grade it by")
    (tree / "README.md").write_text("not a lab")
    assert names(base, tree) == []


@pytest.mark.parametrize("change", ["edited", "added", "removed", "linked", "gone", "a link itself"])
def test_a_lab_counts_as_changed(trees: tuple[Path, Path], change: str) -> None:
    base, tree = trees
    folder = tree / "labs" / "two"
    if change == "edited":
        (folder / "code.py").write_text("x = 2\n")
    elif change == "added":
        (folder / "data" / "new.txt").touch()
    elif change == "removed":
        (folder / "code.py").unlink()
    elif change == "linked":
        (folder / "code.py").unlink()
        (folder / "code.py").symlink_to(base / "labs" / "two" / "code.py")
    else:
        shutil.rmtree(folder)
        if change == "a link itself":
            folder.symlink_to(base / "labs" / "two", target_is_directory=True)
    assert names(base, tree) == ["two"]


@pytest.mark.parametrize("link", ["labs", "labs/one"])
def test_a_link_to_somewhere_else_is_refused_and_not_walked(trees: tuple[Path, Path], link: str) -> None:
    base, tree = trees
    shutil.rmtree(tree / link)
    (tree / link).symlink_to("/", target_is_directory=True)
    lab = base / "labs" / "one"
    assert lab in changed_labs(base, tree)
    with pytest.raises(SubmissionError, match="is a link"):
        folder_of(lab, tree)


def test_a_base_without_labs_is_a_mistake_in_the_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lab in it"):
        give_feedback(tmp_path, tmp_path, Terms("auto", "cpu", 1, None), tmp_path / "out", print)
