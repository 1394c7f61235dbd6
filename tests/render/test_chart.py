import math

import pytest

from grader.render.chart import HEIGHT, WIDTH, Chart, draw_history
from grader.results import Plain


def drawn(history: list[dict[str, Plain]]) -> Chart:
    chart = draw_history(history)
    assert chart is not None
    return chart


def test_training_and_evaluation_become_two_lines_inside_the_drawing() -> None:
    chart = drawn([{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.0}, {"step": 2, "eval_loss": 2.5}])
    assert [line.name for line in chart.lines] == ["Training loss", "Evaluation loss"]
    for line in chart.lines:
        assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in line.marks)
    (_, first), (_, last) = chart.lines[0].marks
    assert first < last, "a falling loss falls"


def test_the_table_holds_every_loss_as_text() -> None:
    chart = drawn([{"step": 5, "epoch": 1.0, "loss": 3.58}, {"step": 5, "epoch": 1.0, "eval_loss": 3.4}, {"step": 6}])
    assert [(row.step, row.epoch, row.train, row.evaluation) for row in chart.rows] == [
        ("5", "1", "3.58", ""),
        ("5", "1", "", "3.4"),
    ]
    assert chart.summary.startswith("Training loss goes from 3.58 at step 5")


def test_a_single_loss_is_drawn() -> None:
    assert len(drawn([{"step": 0, "loss": 0.0}]).lines[0].marks) == 1


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e308, "3.5", None, True, [1], {"a": 1}, 10**400])
def test_what_is_no_usable_number_is_no_loss(loss: Plain) -> None:
    assert draw_history([{"step": 1, "loss": loss}, {"step": loss, "loss": 1.0}]) is None


def test_a_log_of_a_hundred_thousand_records_stays_small() -> None:
    chart = drawn([{"step": step, "loss": 1 / (step + 1)} for step in range(100_000)])
    assert len(chart.lines[0].path.split()) <= 202
    assert len(chart.rows) + chart.more_rows == 100_000
    assert len(chart.rows) <= 40


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e5])
def test_the_axis_has_few_round_labels_at_any_scale(scale: float) -> None:
    chart = drawn([{"step": 0, "loss": scale}, {"step": 7, "loss": 3 * scale}])
    assert 2 <= len(chart.up) <= 8
    assert 2 <= len(chart.across) <= 9
