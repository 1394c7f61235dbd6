"""The distribution of a class's scores as geometry and in words. The template draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev

from grader.language import gettext as _
from grader.render.wording import number, submissions

BINS = 10
WIDTH, HEIGHT, TOP, BOTTOM = 640, 220, 24, 40


@dataclass(frozen=True)
class Bar:
    """One tenth of the scale: its place and size in the drawing's units, and how many submissions it holds."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str


@dataclass(frozen=True)
class Histogram:
    """Everything that the drawing shows; the same in words are `summary` and, bar by bar, `held`."""

    bars: list[Bar]
    ticks: list[tuple[float, str]]
    summary: str
    held: str


def draw_histogram(shares: Sequence[float]) -> Histogram | None:
    """Lay out scores, each a share of its maximum (0 to 1), in tenths; full marks are in the last. None for none."""
    if not shares:
        return None
    counts = [0] * BINS
    for share in shares:
        counts[min(BINS - 1, max(0, int(share * BINS + 1e-9)))] += 1
    slot, room = WIDTH / BINS, HEIGHT - TOP - BOTTOM
    bars = []
    for place, held in enumerate(counts):
        height = round(room * held / max(counts), 1)
        label = _("{low} to {high} %", low=place * 10, high=place * 10 + 10)
        bars.append(Bar(round(place * slot + 3, 1), HEIGHT - BOTTOM - height, slot - 6, height, held, label))
    ticks = [(round(place * slot, 1), f"{place * 10}") for place in range(0, BINS + 1, 2)]
    said = "; ".join(f"{bar.label}: {bar.count}" for bar in bars if bar.count)
    return Histogram(bars, ticks, _describe(shares), f"{said}.")


def _describe(shares: Sequence[float]) -> str:
    middle = {"mean": number(100 * fmean(shares)), "median": number(100 * median(shares))}
    said = submissions(len(shares)) + _(", mean {mean} %, median {median} %", **middle)
    if len(shares) > 1:
        said += _(", standard deviation {spread}", spread=number(100 * pstdev(shares)))
    return f"{said}."
