"""What an experiment is made of before anything is trained: numbers, rows, what is kept."""

import json
from pathlib import Path

import pytest

from fixtures.make_tiny_gpt2.growth import draw_pairs
from grader.errors import SubmissionError, UsageError
from grader.experiment.data import GROWTH, read_data, split
from grader.experiment.grid import Axis, Cell, list_cells, read_numbers
from grader.experiment.records import Point, load, save
from grader.lab import find_lab
from grader.results import Outcome
from grader.training.heldout import Pair, Voice, load_heldout
from grader.training.voice import read_voice
from tests.cli.test_cli import complaint, grader

POINT = Point(key="k", cell=Cell(Axis.EXAMPLES, 10, 10), outcome=Outcome.PASSED, seconds=1.0)


def test_one_axis_is_varied_at_a_time_with_the_exercises_number_of_examples() -> None:
    cells = list(list_cells([10, 20, 50], [1e-4], [2, 8]))
    assert [(cell.axis, cell.value, cell.examples) for cell in cells] == [
        (Axis.EXAMPLES, 10, 10),
        (Axis.EXAMPLES, 20, 20),
        (Axis.EXAMPLES, 50, 50),
        (Axis.LEARNING_RATE, 1e-4, 20),
        (Axis.RANK, 2, 20),
        (Axis.RANK, 8, 20),
    ]
    assert [cell.settings for cell in cells[2:5]] == [{}, {"learning_rate": 1e-4}, {"rank": 2}]


@pytest.mark.parametrize(
    "text", ["ten", "1,nan", "inf", "-1", "0", "1.5", "1," * 3 + "1e400", ",".join(map(str, range(1, 14)))]
)
def test_numbers_that_are_none_are_told_with_their_option(text: str) -> None:
    with pytest.raises(UsageError, match="--ranks"):
        read_numbers(text, "--ranks", whole=True)


def test_numbers_are_sorted_and_each_is_taken_once() -> None:
    assert read_numbers(" 20,10, 20,", "--examples", whole=True) == [10, 20]
    assert read_numbers("", "--rates") == []


def test_the_bundled_pairs_are_what_their_script_makes_and_hold_no_held_out_question() -> None:
    lines = (GROWTH / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(draw_pairs())
    heldout = load_heldout(find_lab("week07"), None)
    hidden = {row.input for row in heldout.questions} | {row.input for row in heldout.pool}
    assert not hidden & {json.loads(line)["input"] for line in lines}


def test_data_grows_by_adding_and_nothing_held_out_is_trained_on() -> None:
    data = read_data(None, None, 0)
    small, large = data.rows(10, 1), data.rows(200, 1)
    assert large.train[:10] == small.train
    assert small.validation == large.validation
    asked = {question.input for question in data.heldout.questions} | {pair.input for pair in data.validation}
    assert len(asked) == 28
    assert not asked & {pair.input for pair in large.train}
    assert data.heldout != read_data(None, None, 1).heldout


def test_a_question_that_is_asked_twice_stays_on_one_side() -> None:
    pairs = [Pair(f"q{number}", answer) for number in range(30) for answer in ("one", "two")]
    data = split(pairs, Voice("", "", []), "mine", 0)
    held = {question.input for question in data.heldout.questions}
    assert held
    assert not held & {pair.input for pair in data.heldout.pool}


def test_too_few_pairs_are_told_with_the_number_that_is_needed() -> None:
    with pytest.raises(SubmissionError, match="has 17 different inputs; write 20 or more"):
        split([Pair(f"q{number}", "a") for number in range(17)], Voice("", "", []), "mine", 0)


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "out" / "experiment.json"
    assert load(path) == []
    save(path, [POINT])
    assert load(path) == [POINT]
    assert [file.name for file in path.parent.iterdir()] == ["experiment.json"]


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        save(tmp_path / "out" / "experiment.json", [])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"points": [{}]}', b'{"schema": "grader/result/v1", "points": []}', b"[" * 100_000, b"\xff"],
    ids=["empty", "cut short", "another point", "another schema", "nested without end", "no text"],
)
def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "experiment.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="--out"):
        load(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "is no voice"),
        (b"name = ", "is no voice"),
        (b'name = "x"', "is no voice"),
        (b"x = " + b"[" * 100_000, "is no voice"),
        (b'name = "x"\ndescription = "x"\nmarkers = "aye"', "is no voice"),
        (b'name = "x"\ndescription = "x"\nmarkers = []', "markers should be"),
        (b'name = "x"\ndescription = "x"\nmarkers = ["aye", " "]', "markers should be"),
        (b'name = "x"\ndescription = "x"\nmarkers = ["' + b"a" * 101 + b'"]', "markers should be"),
    ],
    ids=lambda value: value[:16] if isinstance(value, bytes) else None,
)
def test_a_voice_that_is_none_is_told_in_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "voice.toml"
    path.write_bytes(content)
    with pytest.raises(SubmissionError) as caught:
        read_voice(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nowhere"], "nowhere"),
        (["solutions/week07", "--examples", "ten"], "--examples 'ten'"),
        (["solutions/week07", "--examples", ","], "--examples names no number"),
        (["solutions/week07", "--examples", "5000"], "leave 212 to train on"),
        (["solutions/week07", "--voice", "fixtures/growth/voice.toml"], "--voice goes with --data"),
        (["solutions/week07", "--data", "fixtures/growth"], "'growth' is not a regular file"),
        (["labs/week00", "--lab", "week00"], "week00 has no training run, so there is nothing to vary."),
        (["labs/week00"], "Its files are those of week00: add --lab week00."),
    ],
)
def test_a_mistake_in_the_command_ends_with_2_and_one_sentence(args: list[str], told: str) -> None:
    ended = grader("experiment", *args, COLUMNS="200")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in complaint(ended)
