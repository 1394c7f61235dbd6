"""Bands from runs: full points as far from right submissions' worst as the wrong ones' best allows."""

from collections.abc import Sequence

import msgspec

from grader.calibrate.records import RIGHT, Run, values_of
from grader.calibrate.statistics import lower_bound
from grader.training.calibration import Band

DIGITS = 3
FULL_AT, NONE_AT = 2 / 3, 1 / 10
"""Of the way from the wrong ones' best to the right ones' bound: where full points begin, and where the first do."""


class Separation(msgspec.Struct, frozen=True):
    """One measure: the right submissions' bound, the wrong ones' best (None where no wrong one is meant for it)."""

    measure: str
    right: float
    wrong: float | None
    band: Band
    separates: bool


def separate(measure: str, runs: Sequence[Run], before: Band) -> Separation:
    """Return the band that tells right from wrong by a measure.

    The bound is each right submission's own (they differ more from one another than their seeds do), the least of all.
    Where no wrong submission is meant for the measure, `before` keeps its `none`; where right and wrong overlap,
    `before` is kept whole and the separation says that it does not separate.
    """
    sign = -1.0 if before.full < before.none else 1.0
    right = values_of([run for run in runs if run.kind == RIGHT], measure)
    wrong = values_of([run for run in runs if run.kind == measure], measure)
    bound = min(lower_bound([sign * value for value in values]) for values in right.values())
    best = max((sign * value for values in wrong.values() for value in values), default=None)
    floor = sign * before.none if best is None else best
    if not floor < bound:
        return Separation(measure, sign * bound, best if best is None else sign * best, before, separates=False)
    way = bound - floor
    none = before.none if best is None else round(sign * (floor + NONE_AT * way), DIGITS)
    band = Band(full=round(sign * (floor + FULL_AT * way), DIGITS), none=none)
    return Separation(measure, sign * bound, None if best is None else sign * best, band, separates=True)
