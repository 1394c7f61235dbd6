"""The artifact as its author may have made it: only results come out of it, whatever else it holds."""

import io
import zipfile

import msgspec
import pytest

from grader.errors import SubmissionError
from grader.feedback.artifact import LARGEST_RESULT, MOST_LABS, read_artifact
from grader.results import encode
from tests.render.sample import SAMPLE

GOOD = encode(SAMPLE)


def pack(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_the_results_come_out_by_lab() -> None:
    other = encode(msgspec.structs.replace(SAMPLE, lab="week08"))
    assert read_artifact(pack({"week08/result.json": other, "week07/result.json": GOOD, "summary.md": b"x"})) == [
        SAMPLE,
        msgspec.structs.replace(SAMPLE, lab="week08"),
    ]


@pytest.mark.parametrize(
    "name",
    ["result.json", "../week07/result.json", "/week07/result.json", "a/b/result.json", "Week/result.json", "pr.txt",
     "week07/result.json/", "week07\\result.json", "week07/result.json\n", ".git/result.json"],
)  # fmt: skip
def test_other_names_are_not_even_opened(name: str) -> None:
    assert read_artifact(pack({name: b"\xff not read"})) == []


def test_no_more_labs_than_feedback_would_grade() -> None:
    assert len(read_artifact(pack({f"w{i}/result.json": GOOD for i in range(50)}))) == MOST_LABS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        GOOD.replace(b"grader/result/v1", b"grader/result/v9"),
        GOOD.replace(b'"seed": ', b'"seed": "'),
        GOOD.replace(b'"environment": {', b'"environment": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b","),
        GOOD.replace(b'"score": ', b'"score": NaN, "x": ', 1),
        GOOD.replace(b'"score": ', b'"score": 1e999, "x": ', 1),
        GOOD + GOOD,
        b" " * (LARGEST_RESULT + 1),
    ],
    ids=["empty", "bytes", "list", "nothing", "schema", "type", "deep", "nan", "huge", "twice", "large"],
)
def test_what_is_no_result_is_refused(content: bytes) -> None:
    with pytest.raises(SubmissionError, match=r"week07/result\.json is"):
        read_artifact(pack({"week07/result.json": content}))


def test_a_bomb_is_read_no_further_than_its_cap() -> None:
    bomb = pack({"week07/result.json": b" " * (64 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(SubmissionError, match="over 2 MiB"):
        read_artifact(bomb)


def test_a_size_that_lies_is_refused() -> None:
    packed = bytearray(pack({"week07/result.json": GOOD}))
    at = packed.index(b"PK\x01\x02") + 24
    packed[at : at + 4] = (17).to_bytes(4, "little")
    with pytest.raises(SubmissionError):
        read_artifact(bytes(packed))


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -30])
def test_a_damaged_zip_is_refused(cut: int) -> None:
    with pytest.raises(SubmissionError, match="no zip"):
        read_artifact(pack({"week07/result.json": GOOD})[:cut])
