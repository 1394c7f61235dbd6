"""The same files are the same submission, in a folder, a zip or a tar, at the top or deep inside what an LMS made."""

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import Submission, fingerprint, open_submission

Tree = Mapping[str, bytes]
EXPECTED = ("one.py", "two.py", "data/train.jsonl")

parts = st.text("abcxyz019_ üé✓", min_size=1, max_size=6)
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)
contents = st.binary(max_size=300)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A submission: one expected file, and others whose names cannot clash, each in a folder of its own."""
    others = draw(st.lists(st.tuples(paths, contents), max_size=6))
    return {"one.py": draw(contents)} | {f"more{number}/{path}": data for number, (path, data) in enumerate(others)}


def write_folder(tree: Tree, target: Path) -> None:
    for name, content in tree.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


def write_zip(tree: Tree, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)


def write_tar(tree: Tree, target: Path, compression: str = "") -> None:
    with tarfile.open(target, f"w:{compression}") as archive:  # type: ignore[call-overload]
        for name, content in tree.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


PACKINGS: dict[str, Callable[[Tree, Path], None]] = {
    "folder": write_folder,
    "zip": write_zip,
    "tar": write_tar,
    "tar.gz": lambda tree, target: write_tar(tree, target, "gz"),
    "tar.bz2": lambda tree, target: write_tar(tree, target, "bz2"),
    "tar.xz": lambda tree, target: write_tar(tree, target, "xz"),
}


def opened(tree: Tree, packing: str, folder: Path) -> Submission:
    PACKINGS[packing](tree, folder / "packed")
    return open_submission(folder / "packed", folder / "work", EXPECTED)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(trees(), st.randoms(), st.sampled_from(["", "repo-main/", "labs/any/", "a/b/labs/any/"]))
def test_the_same_files_have_the_same_hash_however_they_are_packed(tree: Tree, random: object, prefix: str) -> None:
    names = list(tree)
    random.shuffle(names)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as scratch:
        seen = set()
        for number, packing in enumerate(PACKINGS):
            folder = Path(scratch, str(number))
            folder.mkdir()
            submission = opened({prefix + name: tree[name] for name in names}, packing, folder)
            assert {name: submission.read(name, 1000) for name in tree} == tree
            assert submission.info.files == len(tree)
            assert submission.info.bytes == sum(map(len, tree.values()))
            assert submission.warnings == []
            seen.add(submission.info.sha256)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "other",
    [{"one.py": b"b"}, {"one.py": b"a", "x": b""}, {"two.py": b"a"}],
    ids=["other content", "another file", "another name"],
)
def test_other_files_have_another_hash(other: Tree, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = opened({"one.py": b"a"}, "folder", tmp_path / "first")
    second = opened(other, "folder", tmp_path / "second")
    assert first.info.sha256 != second.info.sha256


def test_a_byte_that_moves_from_a_name_to_a_content_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = opened({"one.py": b"", "a": b"bc"}, "zip", tmp_path / "first")
    second = opened({"one.py": b"", "ab": b"c"}, "zip", tmp_path / "second")
    assert first.info.sha256 != second.info.sha256


@pytest.mark.parametrize("packing", PACKINGS)
def test_junk_is_left_out_and_weights_with_a_warning(packing: str, tmp_path: Path) -> None:
    tree = {"one.py": b"x", "__pycache__/one.pyc": b"", ".git/HEAD": b"", "out/adapter_model.safetensors": b"w"}
    submission = opened(tree, packing, tmp_path)
    assert [path.name for path in submission.root.iterdir()] == ["one.py"]
    assert submission.warnings == [
        "'out/adapter_model.safetensors' left out: weights or part of a checkpoint; the grader trains its own."
    ]


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_helper_package_with_a_module_of_the_same_name_is_no_second_submission(packing: str, tmp_path: Path) -> None:
    submission = opened({"top/one.py": b"1", "top/helper/two.py": b"2"}, packing, tmp_path)
    assert submission.read("one.py", 10) == b"1"
    assert submission.read("helper/two.py", 10) == b"2"


def test_a_whole_checkout_is_read_under_labs(tmp_path: Path) -> None:
    tree = {"labs/any/one.py": b"mine", "solutions/any/one.py": b"", "solutions/any/two.py": b"", "README.md": b""}
    submission = opened(tree, "folder", tmp_path)
    assert submission.read("one.py", 10) == b"mine"
    assert submission.info.files == 1


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_one_archive_in_a_folder_of_an_lms_is_opened(packing: str, tmp_path: Path) -> None:
    write_zip({"week/one.py": b"x"}, tmp_path / "inner.zip")
    write_tar({"Ada_123_file/work.zip": (tmp_path / "inner.zip").read_bytes()}, tmp_path / "outer.tgz", "gz")
    outer = {"Ada_123_file/work.zip": (tmp_path / "inner.zip").read_bytes(), "onlinetext.html": b""}
    assert opened(outer, packing, tmp_path).read("one.py", 10) == b"x"


def test_the_id_is_the_name_of_what_was_handed_in(tmp_path: Path) -> None:
    write_zip({"one.py": b""}, tmp_path / "ada.zip")
    write_folder({"one.py": b""}, tmp_path / "Grace H.")
    assert open_submission(tmp_path / "ada.zip", tmp_path / "1", EXPECTED).info.id == "ada.zip"
    assert open_submission(tmp_path / "Grace H.", tmp_path / "2", EXPECTED).info.id.startswith("Grace-H-")


def test_the_folder_one_stands_in_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder({"one.py": b""}, tmp_path / "ada")
    monkeypatch.chdir(tmp_path / "ada")
    assert open_submission(Path(), tmp_path / "work", EXPECTED).info.id == "ada"


def test_a_file_that_is_read_is_capped_and_stays_inside(tmp_path: Path) -> None:
    submission = opened({"one.py": b"12345", "data/train.jsonl": b""}, "zip", tmp_path)
    assert submission.read("one.py", 5) == b"12345"
    assert submission.read("quiz.toml", 5) is None
    with pytest.raises(SubmissionError, match="over"):
        submission.read("one.py", 4)
    with pytest.raises(SubmissionError, match="climbs out"):
        submission.read("../../packed", 100)
    with pytest.raises(SubmissionError, match="not a regular file"):
        submission.read("data", 100)


def test_a_fingerprint_is_that_of_the_submission_and_leaves_no_copy(tmp_path: Path) -> None:
    submission = opened({"one.py": b"x", "data/train.jsonl": b"y"}, "folder", tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert fingerprint(tmp_path / "packed", EXPECTED) == submission.info
    assert sorted(tmp_path.rglob("*")) == before
