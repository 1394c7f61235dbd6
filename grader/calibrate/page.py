"""The distributions as a page: a strip of dots for each measure, its band, and the odds in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.calibrate.bands import Separation
from grader.calibrate.records import RIGHT, Run, values_of
from grader.render.html import render_page as render_template
from grader.training.calibration import Calibration

WIDTH, ROW, MARGIN = 640.0, 16.0, 12.0


@dataclass(frozen=True)
class Strip:
    """One sample's values of one measure, as places along the axis."""

    sample: str
    right: bool
    y: float
    dots: list[float]


@dataclass(frozen=True)
class Plot:
    """One measure: strips, the axis' ends, and where full points begin and no points are."""

    separation: Separation
    strips: list[Strip]
    height: float
    low: float
    high: float
    full: float
    none: float
    summary: str


def render_page(calibration: Calibration, separations: Sequence[Separation], runs: Sequence[Run]) -> str:
    """Return the page; it loads nothing and holds no student's text."""
    plots = [_plot(each, runs) for each in separations]
    return render_template("calibration.html", calibration=calibration, plots=plots, width=WIDTH, length=400)


def _plot(separation: Separation, runs: Sequence[Run]) -> Plot:
    measure, band = separation.measure, separation.band
    right = values_of([run for run in runs if run.kind == RIGHT], measure)
    wrong = values_of([run for run in runs if run.kind == measure], measure)
    everything = [value for values in (*right.values(), *wrong.values()) for value in values]
    low, high = min(*everything, band.full, band.none), max(*everything, band.full, band.none)

    def place(value: float) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (value - low) / ((high - low) or 1.0), 1)

    named = [(sample, True, values) for sample, values in right.items()]
    named += [(sample, False, values) for sample, values in wrong.items()]
    strips = [
        Strip(sample, is_right, ROW * (row + 1), [place(value) for value in values])
        for row, (sample, is_right, values) in enumerate(named)
    ]
    return Plot(
        separation=separation,
        strips=strips,
        height=ROW * (len(strips) + 1),
        low=low,
        high=high,
        full=place(band.full),
        none=place(band.none),
        summary=_summary(separation, right, wrong),
    )


def _summary(separation: Separation, right: dict[str, list[float]], wrong: dict[str, list[float]]) -> str:
    """Say in words what the drawing shows."""
    band = separation.band
    parts = [f"Right submissions ({len(right)}) {_range(right)}"]
    if wrong:
        parts.append(f"wrong ones ({len(wrong)}) {_range(wrong)}")
    return f"{'; '.join(parts)}. Full points from {band.full:g}, none at {band.none:g}."


def _range(found: dict[str, list[float]]) -> str:
    values = [value for each in found.values() for value in each]
    return f"from {min(values):.3g} to {max(values):.3g}" if values else "without a run"
