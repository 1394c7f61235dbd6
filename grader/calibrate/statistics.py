"""Bounds from few runs: where nearly all further values will lie, and how often something rare may happen."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, variance

COVERAGE, CONFIDENCE = 0.995, 0.95
"""Of a right submission's further runs, 995 in 1,000 shall lie inside a measure's bound, with 95 % confidence. Over six
measures one run in 33 then loses a point to chance; and one in 1,000 twice, as a narrow run is repeated once."""


def lower_bound(groups: Sequence[Sequence[float]]) -> float:
    """Return the least of the groups' one-sided lower tolerance bounds, or the least value of all if that is lower.

    A group is what one submission's seeds gave. Groups differ in their means; the spread within them is pooled, so it
    has more degrees of freedom than a group has values. The factor is Natrella's approximation (NIST/SEMATECH
    e-Handbook of Statistical Methods, 7.2.6.3), with those degrees in the place of n - 1.
    Raises ValueError where no group has two values.
    """
    freedom = sum(len(group) - 1 for group in groups)
    if freedom < 1:
        raise ValueError("a bound needs a submission with at least two values")
    spread = math.sqrt(sum((len(group) - 1) * variance(group) for group in groups if len(group) > 1) / freedom)
    z, sure = NormalDist().inv_cdf(COVERAGE), NormalDist().inv_cdf(CONFIDENCE)
    a = 1 - sure**2 / (2 * freedom)
    if a <= 0:
        return -math.inf
    factors = ((z + math.sqrt(z**2 - a * (z**2 - sure**2 / len(group)))) / a for group in groups)
    bounds = (fmean(group) - factor * spread for group, factor in zip(groups, factors, strict=True))
    return min(*bounds, *(value for group in groups for value in group))


def rate_interval(events: int, trials: int) -> tuple[float, float]:
    """Return the exact two-sided 95 % interval (Clopper and Pearson, 1934) of a rate, from events in trials."""
    if not 0 <= events <= trials or trials < 1:
        raise ValueError("events must lie between 0 and the number of trials, of which there is at least one")
    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if events == 0 else _solve(lambda rate: 1 - _at_most(events - 1, trials, rate) - tail)
    high = 1.0 if events == trials else _solve(lambda rate: tail - _at_most(events, trials, rate))
    return low, high


def _at_most(events: int, trials: int, rate: float) -> float:
    return sum(math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(events + 1))


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
