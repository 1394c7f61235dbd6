"""lab.toml: right ones load, damaged ones are told apart in one sentence."""

from pathlib import Path

import pytest

from grader.errors import LabError
from grader.lab import find_lab, open_lab
from grader.lab.spec import load_spec

MINIMAL = """
lab = "mini"
title = "Mini"
[[tasks]]
name = "adding"
title = "Add"
module = "adding"
[tasks.visible]
adds = 60
[tasks.hidden]
adds_more = 40
"""


def write(folder: Path, text: str) -> Path:
    """Put a lab.toml into labs/mini."""
    path = folder / "labs" / "mini" / "lab.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_manifest_lists_every_check_with_its_points(tmp_path: Path) -> None:
    assert load_spec(write(tmp_path, MINIMAL)).manifest() == {"adding.adds": 60, "adding.adds_more": 40}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("adds = 60", "adds = 59", "sum to 100, and they sum to 99"),
        ("adds = 60", "adds = -60", "tasks.0.visible.adds"),
        ("adds = 60", "adds = nan", "tasks.0.visible.adds"),
        ("adds_more = 40", "adds = 40", "listed in more than one table: adds"),
        ('title = "Mini"', 'title = "Mini"\nponits = 3', "ponits: Extra inputs are not permitted"),
        ('lab = "mini"', "", "lab: Field required"),
        ("[[tasks]]", "[[tasks", "not valid TOML"),
    ],
)
def test_a_damaged_lab_toml_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write(tmp_path, MINIMAL.replace(old, new))
    with pytest.raises(LabError) as caught:
        load_spec(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value).replace("\n[", "[")


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL.replace('lab = "mini"', "").replace("adds = 60", 'adds = "many"'))
    with pytest.raises(LabError, match=r"lab: Field required.*tasks\.0\.visible\.adds"):
        load_spec(path)


def test_a_criterion_must_name_what_exists(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + '[[criteria]]\ntitle = "Works"\nevidence = ["adding.nothing"]\n')
    with pytest.raises(LabError, match=r"no such task or check: adding\.nothing"):
        load_spec(path)


def test_a_lab_is_found_in_the_working_folder_first(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL)
    assert find_lab("mini", tmp_path).folder == tmp_path / "labs" / "mini"


def test_the_lab_marked_default_is_meant_when_none_is_named() -> None:
    assert find_lab(None).spec.default


def test_an_unknown_lab_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL)
    with pytest.raises(LabError, match=r"No lab named 'week99' here; there is mini"):
        find_lab("week99", tmp_path)


def test_a_student_copy_has_no_hidden_tests(tmp_path: Path) -> None:
    lab = open_lab(write(tmp_path, MINIMAL).parent)
    assert (lab.solutions, lab.hidden_tests, lab.heldout) == (None, None, None)
