"""An id is safe as a path component and says which submission it is; a name from outside is checked before use."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake.names import clean_id, is_junk, is_model, quote, refuse_clashes, split_name

names = st.one_of(
    st.text(min_size=1, max_size=200),
    st.from_regex(r"[A-Za-z0-9._ -]{1,90}", fullmatch=True),
    st.sampled_from([".", "..", ".git", "-rf", "a/b", "CON", "index.html", "Zoë Müller", "x\x00y", "\udcff"]),
)


@given(names)
@example("")
@example("ada-0123456789abcdef")
def test_an_id_is_one_visible_path_component_that_needs_no_quoting(name: str) -> None:
    id = clean_id(name)
    assert 0 < len(id) <= 80
    assert id.isascii()
    assert all(character.isalnum() or character in "._-" for character in id)
    assert id[0] not in ".-"
    assert id[-1] != "."


@given(st.lists(names, unique=True, max_size=8))
@example(["Ada B", "Ada-B", clean_id("Ada B")])
@example(["index.html", clean_id("index.html")])
def test_two_names_never_share_an_id(several: list[str]) -> None:
    assert len({clean_id(name) for name in several}) == len(several)


@pytest.mark.parametrize("name", ["ada", "ada.zip", "week07_lovelace-ada_2", "7"])
def test_a_plain_name_is_its_own_id(name: str) -> None:
    assert clean_id(name) == name


def test_a_foreign_name_stays_readable_in_its_id() -> None:
    assert clean_id("Zoë Müller (2)").startswith("Zoe-Muller-2-")


def test_a_folder_named_like_a_report_does_not_take_its_place() -> None:
    assert clean_id("index.html") != "index.html"


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("../secret", "climbs out"),
        ("a/../../secret", "climbs out"),
        ("/etc/passwd", "absolute"),
        ("C:/Windows/x", "absolute"),
        ("c:x", "absolute"),
        ("a\\..\\b", "backslash"),
        ("a\x00b", "control character"),
        ("a\x1b[31mb", "control character"),
        ("caf\udce9", "not UTF-8"),
    ],
)
def test_a_name_that_could_mean_another_place_is_refused(name: str, trouble: str) -> None:
    with pytest.raises(SubmissionError, match=trouble) as caught:
        split_name(name)
    assert quote(name) in str(caught.value)
    assert str(caught.value).isprintable()


def test_dots_and_doubled_slashes_in_a_name_change_nothing() -> None:
    assert split_name("./labs//week/./data/train.jsonl") == ("labs", "week", "data", "train.jsonl")


@pytest.mark.parametrize(
    "path",
    ["__pycache__/a.py", ".git/config", "x/.venv/lib/a.py", "node_modules/a.js", "__MACOSX/._a", ".DS_Store", "a.pyc"],
)
def test_by_products_are_junk(path: str) -> None:
    assert is_junk(split_name(path))


@pytest.mark.parametrize("path", ["venv.py", "data/train.jsonl", "git/a.py", "checkpoint.py"])
def test_work_is_not_junk(path: str) -> None:
    assert not is_junk(split_name(path))
    assert not is_model(split_name(path))


@pytest.mark.parametrize(
    "path", ["out/adapter_model.safetensors", "pytorch_model.BIN", "runs/checkpoint-15/trainer_state.json"]
)
def test_weights_and_checkpoints_are_models(path: str) -> None:
    assert is_model(split_name(path))


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.py", "a.py"), ("a.py", "A.py"), ("data/x", "Data/y"), ("a", "a/b"), ("a/b", "a"), ("e\u0301.py", "\u00e9.py")],
)
def test_two_names_that_are_one_file_on_some_disks_are_refused(one: str, other: str) -> None:
    with pytest.raises(SubmissionError, match=r"twice|one file"):
        refuse_clashes([split_name(one), split_name(other)])


def test_different_files_of_one_folder_do_not_clash() -> None:
    refuse_clashes([("a", "b"), ("a", "c"), ("ab",), ("d", "a")])
