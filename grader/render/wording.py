"""The words that every sink uses for outcomes, points, numbers and times."""

import math
from dataclasses import dataclass
from types import MappingProxyType

from grader.language import gettext as _
from grader.language import ngettext, noop
from grader.results import CheckResult, Measure, Outcome, TrainingResult


@dataclass(frozen=True)
class Label:
    """How an outcome reads. The symbol is never shown without the word."""

    english: str
    symbol: str
    ascii: str

    @property
    def word(self) -> str:
        """The word in the current language."""
        return _(self.english)


BANDS = noop("full"), noop("part"), noop("none")
LABELS = MappingProxyType(
    {
        Outcome.PASSED: Label(noop("Passed"), "✓", "+"),
        Outcome.FAILED: Label(noop("Not right yet"), "✗", "x"),
        Outcome.NOT_ATTEMPTED: Label(noop("Not started"), "○", "o"),
        Outcome.BLOCKED: Label(noop("Waiting"), "◌", "."),
        Outcome.ERRORED: Label(noop("Raised an error"), "▲", "!"),
        Outcome.TIMED_OUT: Label(noop("Took too long"), "◷", "@"),
        Outcome.HARNESS_ERROR: Label(noop("Our fault"), "⚑", "?"),
    }
)

_FACTS = MappingProxyType(
    {
        "grader": noop("Grader"),
        "python": noop("Python"),
        "platform": noop("Platform"),
        "cores": noop("Cores"),
        "packages": noop("Libraries"),
    }
)
OUR_FAULT = noop(
    "Our own machinery failed here. It is not your doing, costs you nothing, and is not counted in the total."
)


def fact(name: str) -> str:
    """What a result says about the machine, named for people; a name of others stays as it is."""
    return _(_FACTS[name]) if name in _FACTS else name


def number(value: float) -> str:
    """Three significant digits for people: 0.0312, 3.07, 4,096."""
    if not math.isfinite(value):
        return _("not a number") if math.isnan(value) else ("∞" if value > 0 else "−∞")
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
    return _("{left} point", left=left) if left == "1" else _("{left} points", left=left)


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit; an empty text where there is none. A share (unit `share`) reads as a percentage."""
    if value is None:
        return ""
    if unit == "share" and math.isfinite(value):
        return f"{number(value * 100)} %"
    return f"{number(value)} {unit}".strip()


def below_threshold(value: float, threshold: float) -> str:
    """Say that a share of the points, in per cent, lies below a threshold; rounded down, so that it reads as below."""
    reached = points(math.floor(value * 100) / 100)
    return _("Below the threshold: {reached} of the {threshold} % needed.", reached=reached, threshold=f"{threshold:g}")


def below_points(value: float, threshold: float) -> str:
    """Say that points lie below a threshold in points."""
    reached = points(math.floor(value * 100) / 100)
    return _(
        "Below the threshold: {reached} of the {threshold} points needed.", reached=reached, threshold=f"{threshold:g}"
    )


def level(value: float | None, unit: str) -> str:
    """Do as `quantity` does, for a narrow column: a long unit is left to the remark."""
    return quantity(value, "" if _is_long(unit) else unit)


def remark(measure: Measure) -> str:
    """What a table says below a measure's title: its unit, its note, and how far it lies from full points."""
    unit = _("Unit: {unit}.", unit=measure.unit) if _is_long(measure.unit) else ""
    return " ".join(part for part in (unit, measure.note, _margin(measure)) if part)


def _margin(measure: Measure) -> str:
    if not measure.margin:
        return ""
    distance = level(abs(measure.margin), measure.unit)
    if measure.margin < 0:
        return _("{distance} short of full points.", distance=distance)
    return _("{distance} to spare.", distance=distance)


def band(measure: Measure) -> str:
    """How much of its points a measure's band gives: full, part, none."""
    return _(measure.band)


def _is_long(unit: str) -> bool:
    return len(unit) > 3 and unit != "share"


def duration(seconds: float) -> str:
    """A time span: 0.8 s, 21 s, 3 min 20 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def why(training: TrainingResult) -> str:
    """Why a training run was as it was: why of this model, or why there was none."""
    return training.why_this_model if training.outcome is Outcome.PASSED else training.message


def checks(quantity: int) -> str:
    """A number of checks: 1 check, 12 checks."""
    return ngettext("{count:,} check", "{count:,} checks", quantity)


def submissions(quantity: int) -> str:
    """A number of submissions: 1 submission, 12 submissions."""
    return ngettext("{count:,} submission", "{count:,} submissions", quantity)


def count(quantity: int, noun: str) -> str:
    """A number of things on pages that are in English only: 1 trial, 12 trials."""
    return f"{quantity:,} {noun}" if quantity == 1 else f"{quantity:,} {noun}s"
