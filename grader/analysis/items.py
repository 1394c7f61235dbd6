"""Item analysis: how many pass each check, and whether those who do are those who do well in the rest.

It judges the checks, so it looks at what they found: decisions by hand and lateness are left out.
"""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from grader.analysis.mistakes import mistake_of
from grader.language import noop
from grader.results import CheckResult, Outcome, Result

# A correlation of 0.3 over 30 submissions has a 95 % interval from −0.07 to 0.60 (Fisher's z): below, nothing is known.
ENOUGH = 30


@dataclass
class Item:
    """One check over a class. Sums are kept, not results: memory is the same for any number of submissions."""

    id: str
    title: str
    hidden: bool
    decided: int = 0
    passed: int = 0
    not_attempted: int = 0
    not_imported: int = 0
    told: Counter[str] = field(default_factory=Counter)
    _rest: float = 0.0
    _rest_squared: float = 0.0
    _rest_of_passed: float = 0.0

    @property
    def pass_rate(self) -> float | None:
        """The share that passed (in test theory the item's difficulty p), or None where nothing was decided."""
        return self.passed / self.decided if self.decided else None

    @property
    def discrimination(self) -> float | None:
        """The corrected item–total correlation, in [−1, 1]; None where all or none passed, or the rest never differs.

        The point-biserial correlation of passing (x, 0 or 1) with the share y of the points that the submission has in
        all *other* checks: r = (M₁ − M) / s · √(p / q), M₁ the mean of y over those who passed, M and s mean and
        standard deviation (over n) of y over all, p the pass rate, q = 1 − p. Leaving the check out of its own total
        keeps it from correlating with itself: Henrysson, Correction of item-total correlations in item analysis,
        Psychometrika 28 (1963), 211-218; the formula is Lord and Novick, Statistical Theories of Mental Test Scores
        (1968), section 15.5.
        """
        if not 0 < self.passed < self.decided:
            return None
        mean = self._rest / self.decided
        variance = self._rest_squared / self.decided - mean * mean
        if variance < 1e-12:
            return None
        p = self.passed / self.decided
        r = (self._rest_of_passed / self.passed - mean) / math.sqrt(variance) * math.sqrt(p / (1 - p))
        return max(-1.0, min(1.0, r))

    @property
    def reading(self) -> str:
        """What the discrimination says, in words; levels by Ebel and Frisbie, Essentials of Educational Measurement."""
        r = self.discrimination
        if self.decided < ENOUGH:
            return noop("too few to say")
        if r is None:
            return noop("tells nobody apart")
        if r < -2 / math.sqrt(self.decided):  # twice the standard error of a correlation of 0
            return noop("look at it: those who do well elsewhere fail it")
        levels = (
            (0.4, noop("tells apart very well")),
            (0.3, noop("tells apart well")),
            (0.2, noop("tells apart a little")),
        )
        return next((words for level, words in levels if r >= level), noop("hardly tells apart"))

    @property
    def usual_feedback(self) -> tuple[str, int] | None:
        """What those who did not pass were told most often, and how many were; None where nobody was told anything.

        Feedback has names, not sizes, so its middle is the mode; of equally frequent ones, the first met.
        """
        return self.told.most_common(1)[0] if self.told else None

    def add(self, check: CheckResult, rest: float, *, imported: bool = True) -> None:
        """Count one submission that has the share `rest` of all other checks' points.

        Where its file could not be `imported`, what was said tells of the file and nothing of the check.
        """
        passed = check.outcome is Outcome.PASSED
        self.decided += 1
        self.passed += passed
        self.not_attempted += check.outcome is Outcome.NOT_ATTEMPTED
        self._rest += rest
        self._rest_squared += rest * rest
        self._rest_of_passed += rest * passed
        self.not_imported += not imported
        mistake = mistake_of(check)
        if mistake and imported:
            self.told[mistake.feedback] += 1


class ItemAnalysis:
    """All checks of a lab over a class, in the lab's order."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}

    @property
    def items(self) -> list[Item]:
        """The checks met so far."""
        return [*self._items.values()]

    def add(self, result: Result, unimportable: Collection[str] = ()) -> None:
        """Count one submission. A check that our own machinery failed to decide is left out, there and in totals.

        `unimportable` are the ids of its checks whose file could not be imported.
        """
        found = [_as_found(check) for check in result.checks()]
        decided = [check for check in found if check.outcome is not Outcome.HARNESS_ERROR]
        points, most = sum(check.points for check in decided), sum(check.max_points for check in decided)
        for check in decided:
            item = self._items.setdefault(check.id, Item(check.id, check.title, check.hidden))
            left = most - check.max_points
            item.add(check, (points - check.points) / left if left > 0 else 0.0, imported=check.id not in unimportable)


def _as_found(check: CheckResult) -> CheckResult:
    """Return what the check itself came to."""
    if check.override is None:
        return check
    outcome = check.override.outcome_before or check.outcome
    return CheckResult(
        id=check.id,
        title=check.title,
        outcome=outcome,
        points=check.override.points_before,
        max_points=check.max_points,
        message=check.message,
        hint=check.hint,
        hidden=check.hidden,
    )
