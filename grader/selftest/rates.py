"""How often the grader was right, each share with what it may really be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.selftest.records import CHAFFS, HOSTILE, RIGHT, WRONG, Trial

WANTED = [
    (RIGHT, "right submissions with full marks"),
    (CHAFFS, "mistakes found by the check that is about them"),
    (WRONG, "broken submissions that lost what is broken and nothing else"),
    (HOSTILE, "hostile submissions that gained nothing"),
]
_Z = 1.96  # 95 % of a normal distribution lie within


@dataclass(frozen=True)
class Rate:
    """`hits` of `total` trials; the true share lies between `low` and `high` with a confidence of 95 %."""

    title: str
    hits: int
    total: int

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        """Return Wilson's score interval (Wilson 1927), which holds for shares near 1 and for few trials."""
        share, n = self.hits / self.total, self.total
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return max(0.0, middle - half), min(1.0, middle + half)


def rates(trials: Sequence[Trial]) -> list[Rate]:
    """Return the shares that a selftest is about; of a kind that was not tried, none."""
    found = [_rate(title, [not trial.complaint for trial in trials if trial.kind == kind]) for kind, title in WANTED]
    hinted = [trial.hinted for trial in trials if trial.hinted is not None]
    found.insert(2, _rate("mistakes that the first thing told to the student names", hinted))
    return [rate for rate in found if rate.total]


def _rate(title: str, hits: Sequence[bool]) -> Rate:
    return Rate(title, sum(hits), len(hits))
