"""Bands from runs: full points a little on the wrong ones' side of what right submissions' runs keep to."""

from collections.abc import Sequence

import msgspec

from grader.calibrate.records import RIGHT, Run, values_of
from grader.calibrate.statistics import lower_bound
from grader.training.calibration import Band

DIGITS = 3
FULL_AT = 2 / 3
"""Of the way from where no points begin to the right ones' bound: there full points begin."""


class Separation(msgspec.Struct, frozen=True):
    """One measure: the right submissions' bound, the wrong ones' best (None where no wrong one is meant for it)."""

    measure: str
    right: float
    wrong: float | None
    band: Band
    separates: bool


def separate(measure: str, runs: Sequence[Run], before: Band) -> Separation:
    """Return the band that tells right from wrong by a measure.

    No points begin at the wrong submissions' best, or where they began `before` if that lies nearer to the right ones:
    a wrong submission that is far off does not make the band mild. Where right and wrong overlap, `before` is kept
    whole and the separation says that it does not separate.
    """
    sign = -1.0 if before.full < before.none else 1.0
    right = values_of([run for run in runs if run.kind == RIGHT], measure)
    wrong = values_of([run for run in runs if run.kind == measure], measure)
    bound = lower_bound([[sign * value for value in values] for values in right.values()])
    best = max((sign * value for values in wrong.values() for value in values), default=None)
    floor = sign * before.none if best is None else max(best, sign * before.none)
    separates = floor < bound
    full = sign * (floor + FULL_AT * (bound - floor))
    band = Band(full=round(full, DIGITS), none=round(sign * floor, DIGITS)) if separates else before
    return Separation(measure, sign * bound, None if best is None else sign * best, band, separates)
