"""`grader export` on folders as `grader grade` and `grader batch` leave them."""

import json
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from grader.batch.journal import FOLDER, Member
from grader.results import Delivery, Person, Result, encode
from tests.cli.test_cli import complaint, grader
from tests.render import importers
from tests.render.sample import SAMPLE


def result(id: str, score: float, **identifiers: str) -> Result:
    delivery = Delivery(source="canvas", people=[Person(name=id, identifiers=identifiers)])
    return replace(SAMPLE, submission=replace(SAMPLE.submission, id=id), score=score, delivery=delivery)


def class_of(folder: Path, *results: Result, roll: list[Member] | None = None) -> Path:
    """Write results as a batch does; with a roll, as one that came to its end."""
    for one in results:
        path = folder / one.submission.id / "result.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(one))
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    if roll is not None:
        (folder / FOLDER / "roll.json").write_bytes(msgspec.json.encode(roll))
    return folder


def test_of_several_attempts_the_one_that_counts_is_exported_and_refusals_are_named(tmp_path: Path) -> None:
    roll = [
        Member(id="ada", student="Ada", attempt=2, counts=False),
        Member(id="ada-attempt-1", student="Ada", attempt=1),
        Member(id="bob", student="Bob", attempt=1, refused="it is a bomb."),
    ]
    folder = class_of(tmp_path / "out", result("ada", 10), result("ada-attempt-1", 60), roll=roll)
    ended = grader("export", str(folder), "--to", "csv")
    assert ended.returncode == 0
    assert [row[0] for row in importers.read_csv(ended.stdout)] == ["id", "ada-attempt-1"]
    assert "bob: has no result (it is a bomb.)." in complaint(ended)


def test_an_unfinished_batch_is_exported_with_a_warning(tmp_path: Path) -> None:
    ended = grader("export", str(class_of(tmp_path / "out", result("ada", 10))), "--to", "junit")
    assert ended.returncode == 0
    importers.check_junit(ended.stdout)
    assert "did not come to its end" in complaint(ended)


def test_canvas_is_written_beside_its_template(tmp_path: Path) -> None:
    folder = class_of(
        tmp_path / "out", result("ada", SAMPLE.max_score, canvas="501"), roll=[Member(id="ada", student="", attempt=1)]
    )
    template = tmp_path / "gradebook.csv"
    template.write_text('Student,ID,Section,Week 07 (4711)\n"Lovelace, Ada",501,A,\n')
    out = tmp_path / "grades.csv"
    ended = grader("export", str(folder), "--to", "canvas", "--template", str(template), "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    taken = importers.import_canvas(out.read_text(), {501: "Ada Lovelace"}, {4711: "Week 07"})
    assert taken.grades == {(501, 4711): "100"}


def test_gradescope_gets_a_file_a_submission(tmp_path: Path) -> None:
    folder = class_of(tmp_path / "out", result("ada", 10), result("bob", 20))
    ended = grader("export", str(folder), "--to", "gradescope", "--out", str(tmp_path / "gs"))
    assert ended.returncode == 0
    scores = {
        path.parent.name: json.loads(path.read_text())["score"] for path in (tmp_path / "gs").glob("*/results.json")
    }
    assert scores == {"ada": 10, "bob": 20}


def test_classroom50_exports_one_result_inside_its_runner(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_bytes(encode(SAMPLE))
    ended = grader(
        *("export", str(path), "--to", "classroom50"),
        CLASSROOM="cs",
        ASSIGNMENT="week07",
        SUBMISSION_TAG="submit/2026-11-22T09-00-00Z-abc1234",
        COMMIT_URL="https://example.org/c",
        RELEASE_URL="https://example.org/r",
        REVIEW_URL="",
    )
    importers.check_classroom50(json.loads(ended.stdout), "cs", "week07")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere", "--to", "csv"], "there is nothing here"),
        (["empty", "--to", "csv"], "holds no results"),
        (["broken.json", "--to", "csv"], "is no result of this grader"),
        (["out", "--to", "canvas"], "name the file with --template"),
        (["out", "--to", "moodle", "--template", "empty"], "cannot be read"),
        (["out", "--to", "gradescope"], "name a folder for them with --out"),
        (["out", "--to", "classroom50"], "the result of one submission"),
        (["out/ada/result.json", "--to", "classroom50"], "Classroom 50's runner sets CLASSROOM"),
        (["out", "--to", "csv", "--out", "broken.json/x"], "cannot be written"),
        (["out", "--to", "blackboard"], "'blackboard' is not one of"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, args: list[str], told: str) -> None:
    class_of(tmp_path / "out", result("ada", 10), result("bob", 20))
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.json").write_text('{"schema": "grader/result/v1"}')
    ended = grader("export", *args, cwd=tmp_path, COLUMNS="200")
    assert ended.returncode == 2
    assert told in complaint(ended)
