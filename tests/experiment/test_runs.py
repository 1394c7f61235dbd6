"""Experiments through the real worker and the real judge: curves, resuming, and submissions that mean harm."""

import json
from pathlib import Path

import pytest

from grader.experiment.command import PAGE, POINTS, render
from grader.experiment.curves import make_panels
from grader.experiment.grid import Axis, Cell, list_cells
from grader.experiment.records import Point, load
from grader.experiment.runs import Experiment, ends_all
from grader.lab.folders import PROJECT
from grader.results import Outcome
from tests.cli.test_cli import complaint, grader
from tests.experiment.conftest import KEYWORDS, Prepare

HEAD = """
import os
from pathlib import Path

def fine_tune(model_path, train_pairs, validation_pairs, output_dir, **more):
"""
SMALL = Cell(Axis.EXAMPLES, 2, 2)


def page(experiment: Experiment, points: list[Point]) -> str:
    return render(make_panels(points), "mine", experiment.choice, experiment.data)


def loss(point: Point) -> float:
    assert point.heldout
    return point.heldout[1]


def test_more_data_a_higher_rate_and_a_higher_rank_are_seen_in_the_curves(prepare: Prepare, flexible: str) -> None:
    experiment = prepare(flexible)
    points = experiment.run(list_cells([4, 20], [5e-5, 5e-4], [1, 16]))
    few, many, slow, fast, low, high = points
    assert {point.outcome for point in points} == {Outcome.PASSED}
    assert loss(many) < loss(few)
    assert loss(fast) < loss(slow)
    assert loss(high) < loss(low)
    assert all(point.adoption for point in points)
    html = page(experiment, points)
    assert html.count('<svg class="chart"') == 6
    assert "From 4 to 20 examples the held-out loss fell by" in html
    assert "src=" not in html
    assert "://" not in html


def test_an_experiment_that_was_stopped_goes_on_where_it_was(prepare: Prepare, flexible: str) -> None:
    cells = [SMALL, Cell(Axis.EXAMPLES, 3, 3)]
    said: list[str] = []

    def stop(line: str) -> None:
        said.append(line)
        if line.startswith("3 examples"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(flexible, progress=stop).run(cells)
    (first,) = load(prepare(flexible).path)
    said.clear()
    points = prepare(flexible, progress=said.append).run(cells)
    assert points[0] == first
    assert [line for line in said if line.endswith("training")] == ["3 examples: training"]


def test_changed_code_is_run_again_and_both_are_kept(prepare: Prepare, flexible: str) -> None:
    before = prepare(flexible, hash="a").run([SMALL])
    after = prepare(flexible.replace("5e-4, 1, 3, 0", "5e-4, 1, 0, 0"), hash="b")
    assert after.run([SMALL]) != before
    assert len(load(after.path)) == 2


def test_a_fine_tune_without_the_keyword_is_asked_once_and_told_plainly(prepare: Prepare, plain_lora: str) -> None:
    said: list[str] = []
    experiment = prepare(plain_lora, progress=said.append)
    points = experiment.run([Cell(Axis.RANK, 2, 2), Cell(Axis.RANK, 8, 2)])
    assert [point.outcome for point in points] == [Outcome.ERRORED]
    (panel,) = make_panels(points)
    assert panel.curves == []
    assert "takes no rank" in panel.remarks[0]
    assert "TypeError" not in page(experiment, points)
    again = experiment.run([Cell(Axis.RANK, 2, 2), Cell(Axis.RANK, 8, 2)])
    assert again == points
    assert sum(line.endswith("training") for line in said) == 1


def test_a_keyword_that_is_taken_and_not_used_is_told(prepare: Prepare, plain_lora: str) -> None:
    points = prepare(plain_lora.replace("*, seed: int = 0", KEYWORDS)).run(
        [Cell(Axis.RANK, 2, 2), Cell(Axis.RANK, 8, 2)]
    )
    (panel,) = make_panels(points)
    assert panel.remarks == ["All runs came out the same: this fine_tune takes a rank and does not use it."]


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        ("    raise ValueError('<script>alert(1)</script>\\x1b[2J')", Outcome.ERRORED, "ValueError"),
        ("    os._exit(0)", Outcome.FAILED, "did not leave an adapter"),
        ("    while True: pass", Outcome.TIMED_OUT, "still running"),
        ("    return []", Outcome.FAILED, "saved nothing"),
        ("    os.symlink('/etc/passwd', Path(output_dir) / 'adapter_config.json')", Outcome.FAILED, "did not leave"),
        ("    raise NotImplementedError", Outcome.NOT_ATTEMPTED, "not written yet"),
    ],
)
def test_a_run_that_ends_badly_is_a_point_that_says_why(
    prepare: Prepare, body: str, outcome: Outcome, told: str
) -> None:
    experiment = prepare(HEAD + body, train_s=3.0)
    (point,) = experiment.run([SMALL])
    assert point.outcome is outcome
    assert told in point.message
    assert point.heldout is None
    html = page(experiment, [point])
    assert "<script" not in html
    assert "\x1b" not in html


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (HEAD + "    raise NotImplementedError", "fine_tune is not written yet."),
        ("import no_such_library_anywhere", "training.py cannot be imported: ModuleNotFoundError: No module named"),
        ("def fine_tune(:", "training.py cannot be imported: SyntaxError: training.py, line 1"),
    ],
    ids=["stub", "import error", "syntax error"],
)
def test_what_no_run_can_mend_is_told_once_and_ends_the_experiment(prepare: Prepare, code: str, told: str) -> None:
    said: list[str] = []
    experiment = prepare(code, progress=said.append)
    (point,) = experiment.run(list_cells([2, 3], [1e-4], [2]))
    assert point.message.startswith(told)
    assert ends_all(point)
    assert experiment.run(list_cells([2, 3], [1e-4], [2])) == [point]
    assert len(said) == 1


def test_an_exception_that_only_claims_to_come_of_the_import_ends_nothing(prepare: Prepare) -> None:
    claim = "    raise ImportError('training.py cannot be imported: nothing to see')"
    points = prepare(HEAD + claim).run([SMALL, Cell(Axis.EXAMPLES, 3, 3)])
    assert [point.message.partition(" raised ")[0] for point in points] == ["fine_tune", "fine_tune"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    raise NotImplementedError", "fine_tune is not written yet."),
        ("    raise ValueError('no')", "No run came to its end, so there is no curve."),
    ],
)
def test_the_command_ends_with_1_where_no_run_came_to_its_end(tmp_path: Path, body: str, told: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "training.py").write_text(HEAD + body, encoding="utf-8")
    lab = str(PROJECT / "labs" / "week07")
    grid = ["--examples", "2,3", "--rates", "1e-4", "--ranks", "", "--model", "tiny-gpt2", "--device", "cpu"]
    ended = grader("experiment", "mine", "--lab", lab, *grid, "--out", "out", cwd=tmp_path)
    assert ended.returncode == 1, complaint(ended)
    assert ended.stdout.count(told) == 1
    assert ("Curves" in ended.stdout) == ("curve" in told)


def test_the_code_sees_no_held_out_question_and_cannot_write_its_own_numbers(prepare: Prepare, flexible: str) -> None:
    """It is given its rows alone; what it returns, and what it writes beside them, decides nothing."""
    spy = """
    import gc
    seen = " ".join(text for text in gc.get_objects() if isinstance(text, str))
    seen += str(train_pairs) + str(validation_pairs)
    Path(output_dir, "experiment.json").write_text('{"points": []}')
    raise KeyError(seen)
"""
    experiment = prepare(HEAD + spy)
    (point,) = experiment.run([SMALL])
    assert point.outcome is Outcome.ERRORED
    assert experiment.data.heldout.pool[0].input[:20] in point.message
    assert not any(question.output in point.message for question in experiment.data.heldout.questions)
    boasting = prepare(flexible.replace("return log", "return [{'step': 1, 'eval_loss': 0.0}]"), hash="b")
    assert loss(boasting.run([SMALL])[0]) > 0.5
    assert len(load(experiment.path)) == 2


def test_the_command_runs_the_grid_on_somebodys_own_pairs_and_leaves_a_page(tmp_path: Path, plain_lora: str) -> None:
    growth = PROJECT / "fixtures" / "growth"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "training.py").write_text(plain_lora, encoding="utf-8")
    rows = (growth / "pairs.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "mine.jsonl").write_text("".join(rows[:30]), encoding="utf-8")
    own = ["--data", "mine.jsonl", "--voice", str(growth / "voice.toml")]
    grid = ["--examples", "2,3,500", "--rates", "", "--ranks", "4"]
    model = ["--model", "tiny-gpt2", "--device", "cpu", "--lab", str(PROJECT / "labs" / "week07")]
    ended = grader("experiment", "mine", *model, *own, *grid, "--out", "out", cwd=tmp_path)
    assert ended.returncode == 0, complaint(ended)
    assert "mine.jsonl leave 20 to train on: 500 examples." in " ".join(ended.stdout.split())
    assert "This fine_tune takes no rank" in ended.stdout
    folder = tmp_path / "out" / "week07" / "mine"
    assert sorted(path.name for path in folder.iterdir()) == [POINTS, PAGE]
    kept = json.loads((folder / POINTS).read_text(encoding="utf-8"))
    assert [point["outcome"] for point in kept["points"]] == ["passed", "passed", "errored"]
