"""The words that every sink uses for outcomes, points, numbers and times."""

import math
from dataclasses import dataclass
from types import MappingProxyType

from grader.results import CheckResult, Measure, Outcome


@dataclass(frozen=True)
class Label:
    """How an outcome reads. The symbol is never shown without the word."""

    word: str
    symbol: str
    ascii: str


LABELS = MappingProxyType(
    {
        Outcome.PASSED: Label("Passed", "✓", "+"),
        Outcome.FAILED: Label("Not right yet", "✗", "x"),
        Outcome.NOT_ATTEMPTED: Label("Not started", "○", "o"),
        Outcome.BLOCKED: Label("Waiting", "◌", "."),
        Outcome.ERRORED: Label("Raised an error", "▲", "!"),
        Outcome.TIMED_OUT: Label("Took too long", "◷", "@"),
        Outcome.HARNESS_ERROR: Label("Our fault", "⚑", "?"),
    }
)

OUR_FAULT = "Our own machinery failed here. It is not your doing, costs you nothing, and is not counted in the total."


def number(value: float) -> str:
    """Three significant digits for people: 0.0312, 3.07, 4,096."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.2e}".replace("-", "−")
    whole = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return whole.replace("-", "−")


def points(value: float) -> str:
    """Points as people write them: 3, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def score(value: float, maximum: float) -> str:
    """Points out of points: 2.5/3."""
    return f"{points(value)}/{points(maximum)}"


def to_earn(check: CheckResult) -> str:
    """What a check could still bring: 1 point, 2.5 points."""
    left = points(check.max_points - check.points)
    return f"{left} point" if left == "1" else f"{left} points"


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit; an empty text where there is none. A share (unit `share`) reads as a percentage."""
    if value is None:
        return ""
    if unit == "share" and math.isfinite(value):
        return f"{number(value * 100)} %"
    return f"{number(value)} {unit}".strip()


def level(value: float | None, unit: str) -> str:
    """Do as `quantity` does, for a narrow column: a long unit is left to the remark."""
    return quantity(value, "" if _is_long(unit) else unit)


def remark(measure: Measure) -> str:
    """What a table says below a measure's title: its unit, its note, and how far it lies from full points."""
    unit = f"Unit: {measure.unit}." if _is_long(measure.unit) else ""
    distance = "" if not measure.margin else level(abs(measure.margin), measure.unit)
    side = "short of full points" if (measure.margin or 0) < 0 else "to spare"
    return " ".join(part for part in (unit, measure.note, f"{distance} {side}." if distance else "") if part)


def _is_long(unit: str) -> bool:
    return len(unit) > 3 and unit != "share"


def duration(seconds: float) -> str:
    """A time span: 0.8 s, 21 s, 3 min 20 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(quantity: int, noun: str) -> str:
    """A number of things: 1 check, 12 checks."""
    return f"{quantity:,} {noun}" if quantity == 1 else f"{quantity:,} {noun}s"
