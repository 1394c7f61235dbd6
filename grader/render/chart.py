"""The loss curve as geometry, from a history that the student's code claims. The template draws it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.language import gettext as _
from grader.render.wording import number
from grader.results import Plain

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 16, 44
_MOST_POINTS = 200
_MOST_ROWS = 40
_LARGEST = 1e6  # a loss beyond it is shown as no loss: the axis would hide everything else


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in the drawing's units."""

    at: float
    label: str


@dataclass(frozen=True)
class Frame:
    """The values at the ends of the two axes."""

    left: float
    right: float
    low: float
    high: float

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Return where a point lies in the drawing's units."""
        x = LEFT + (WIDTH - LEFT - RIGHT) * (across - self.left) / (self.right - self.left)
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (up - self.low) / (self.high - self.low)
        return round(x, 1), round(y, 1)


@dataclass(frozen=True)
class Line:
    """One series: its name, its points as SVG wants them, and the same as pairs for its marks (none where crowded)."""

    name: str
    style: str
    path: str
    marks: list[tuple[float, float]]


@dataclass(frozen=True)
class Row:
    """One record of the history, as text."""

    step: str
    epoch: str
    train: str
    evaluation: str


@dataclass(frozen=True)
class Chart:
    """Everything that the drawing and its table show."""

    lines: list[Line]
    across: list[Tick]
    up: list[Tick]
    rows: list[Row]
    more_rows: int
    summary: str


Series = list[tuple[float, float]]


def draw_history(history: Sequence[dict[str, Plain]]) -> Chart | None:
    """Lay out train and evaluation loss over steps. None where the history holds no loss that is a number."""
    found = {"training": _series(history, "loss"), "evaluation": _series(history, "eval_loss")}
    styled = {style: series for style, series in found.items() if series}
    points = [point for series in styled.values() for point in series]
    if not points:
        return None
    steps = round_ticks([step for step, _ in points], whole=True)
    losses = round_ticks([loss for _, loss in points])
    place = Frame(steps[0], steps[-1], losses[0], losses[-1]).place
    told = [record for record in history if any(_real(record.get(key)) is not None for key in ("loss", "eval_loss"))]
    return Chart(
        lines=[_line(style, [place(*point) for point in series]) for style, series in styled.items()],
        across=[Tick(place(step, losses[0])[0], number(step)) for step in steps],
        up=[Tick(place(steps[0], loss)[1], number(loss)) for loss in losses],
        rows=[_row(record) for record in told[:_MOST_ROWS]],
        more_rows=max(0, len(told) - _MOST_ROWS),
        summary=" ".join(_describe(style, series) for style, series in styled.items()),
    )


def _series(history: Sequence[dict[str, Plain]], key: str) -> Series:
    pairs = [(_real(record.get("step")), _real(record.get(key))) for record in history]
    series = [(step, loss) for step, loss in pairs if step is not None and loss is not None]
    stride = math.ceil(len(series) / _MOST_POINTS)
    return series if stride <= 1 else [*series[:-1:stride], series[-1]]


def _real(value: Plain) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return float(value) if usable and isinstance(value, int | float) else None


def _line(style: str, places: list[tuple[float, float]]) -> Line:
    name = _("Training loss") if style == "training" else _("Evaluation loss")
    path = " ".join(f"{x},{y}" for x, y in places)
    return Line(name=name, style=style, path=path, marks=places if len(places) <= 30 else [])


def round_ticks(values: list[float], *, whole: bool = False) -> list[float]:
    """Return about five round numbers, one step apart, that span the values; at least two."""
    low, high = min(values), max(values)
    rough = (high - low or max(abs(high), 1.0)) / 4
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * factor for factor in (1, 2, 2.5, 5, 10) if scale * factor >= rough * 0.999)
    if whole:
        step = max(1.0, float(round(step)))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _row(record: dict[str, Plain]) -> Row:
    values = (_real(record.get(key)) for key in ("step", "epoch", "loss", "eval_loss"))
    return Row(*("" if value is None else number(value) for value in values))


def _describe(style: str, series: Series) -> str:
    ends = {"first": series[0][0], "start": series[0][1], "last": series[-1][0], "end": series[-1][1]}
    shown = {name: number(value) for name, value in ends.items()}
    if style == "training":
        return _("Training loss goes from {start} at step {first} to {end} at step {last}.", **shown)
    return _("Evaluation loss goes from {start} at step {first} to {end} at step {last}.", **shown)
