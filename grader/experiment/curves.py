"""The points of an axis as curves, and in words: what more of it brought, and where it stops to pay."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.experiment.grid import Axis
from grader.experiment.records import Point
from grader.experiment.runs import takes_no_keyword
from grader.render.chart import Frame, Line, Tick, round_ticks
from grader.results import Outcome

TITLES = {Axis.EXAMPLES: "Examples", Axis.LEARNING_RATE: "Learning rate", Axis.RANK: "Rank"}
NOISE = 0.02  # nats a token: a smaller fall of the held-out loss is taken for none
Reading = Callable[[Point], float]


@dataclass(frozen=True)
class Curve:
    """One drawing: its title and unit, lines, ticks, and what it shows in words."""

    title: str
    lines: list[Line]
    across: list[Tick]
    up: list[Tick]
    summary: str


@dataclass(frozen=True)
class Panel:
    """One axis of the grid: its points for the table, its curves, and sentences about it.

    The point that only shows that fine_tune takes no such keyword is a sentence, and none of the points.
    """

    axis: Axis
    title: str
    examples: int
    points: list[Point]
    curves: list[Curve]
    remarks: list[str]


def make_panels(points: Sequence[Point]) -> list[Panel]:
    """Return a panel for each axis that has points."""
    return [_panel(axis, own) for axis in Axis if (own := [point for point in points if point.cell.axis is axis])]


def _panel(axis: Axis, points: list[Point]) -> Panel:
    measured = sorted((p for p in points if p.outcome is Outcome.PASSED), key=lambda point: point.cell.value)
    curves: list[Curve] = []
    if len(measured) > 1:
        losses = {"training": ("Rows trained on", _trained), "evaluation": ("Held-out answers", _heldout)}
        curves.append(_curve(axis, "Loss, nats a token", measured, losses))
        if all(point.adoption for point in measured):
            shares = {"training": ("Held-out answers in the voice", _adopted)}
            curves.append(_curve(axis, "Share of answers in the voice", measured, shares))
    shown = [point for point in points if not takes_no_keyword(point)]
    return Panel(axis, TITLES[axis], points[0].cell.examples, shown, curves, _remarks(axis, points, measured))


def _heldout(point: Point) -> float:
    return point.heldout[1] if point.heldout else math.nan


def _trained(point: Point) -> float:
    return point.trained[1] if point.trained else math.nan


def _adopted(point: Point) -> float:
    return point.adoption[1] if point.adoption else math.nan


def _curve(axis: Axis, title: str, points: Sequence[Point], lines: Mapping[str, tuple[str, Reading]]) -> Curve:
    places = [_across(axis, point) for point in points]
    up = round_ticks([read(point) for _, read in lines.values() for point in points])
    frame = Frame(places[0], places[-1], up[0], up[-1])
    drawn = {
        style: [frame.place(x, read(p)) for x, p in zip(places, points, strict=True)]
        for style, (_, read) in lines.items()
    }
    first, last = points[0], points[-1]
    return Curve(
        title=title,
        lines=[
            Line(lines[style][0], style, " ".join(f"{x},{y}" for x, y in marks), marks)
            for style, marks in drawn.items()
        ],
        across=[
            Tick(frame.place(x, up[0])[0], f"{point.cell.value:g}") for x, point in zip(places, points, strict=True)
        ],
        up=[Tick(frame.place(places[0], value)[1], f"{value:g}") for value in up],
        summary=" ".join(
            f"{name}: {read(first):.2f} at {first.cell.value:g}, {read(last):.2f} at {last.cell.value:g}."
            for name, read in lines.values()
        ),
    )


def _across(axis: Axis, point: Point) -> float:
    """Where a value lies: examples as they are, so that a curve is seen to flatten; the others by their factors."""
    return point.cell.value if axis is Axis.EXAMPLES else math.log(point.cell.value)


def _remarks(axis: Axis, points: Sequence[Point], measured: Sequence[Point]) -> list[str]:
    name = axis.value
    if any(takes_no_keyword(point) for point in points):
        return [
            f"This fine_tune takes no {name}, so it is the submission's own in every run. To see what it does, give "
            f"fine_tune a keyword parameter {name} with its present value as the default; the checks do not mind."
        ]
    if axis is Axis.EXAMPLES:
        return _growth(measured)
    if len(measured) > 1 and len({(point.heldout, point.trained) for point in measured}) == 1:
        return [f"All runs came out the same: this fine_tune takes a {name} and does not use it."]
    if not measured:
        return []
    best = min(measured, key=_heldout)
    return [f"The held-out loss is lowest ({_heldout(best):.2f}) at {name} {best.cell.value:g}."]


def _growth(measured: Sequence[Point]) -> list[str]:
    """Say what each step of more data brought, in all and for ten examples, and from where it brought nothing."""
    steps = [(before, after, _heldout(before) - _heldout(after)) for before, after in itertools.pairwise(measured)]
    sentences = [
        f"From {before.cell.examples} to {after.cell.examples} examples the held-out loss "
        + (f"fell by {fall:.2f}" if fall >= 0 else f"rose by {-fall:.2f}")
        + f": {10 * fall / (after.cell.examples - before.cell.examples):.2f} for each ten more."
        for before, after, fall in steps
    ]
    flat = next((before for before, _, fall in steps if fall < NOISE), None)
    if flat:
        sentences.append(f"Beyond {flat.cell.examples} examples more of them brought (next to) nothing here.")
    return sentences
