"""Bounds from few runs: where nearly all further values will lie, and how often something rare may happen."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

COVERAGE, CONFIDENCE = 0.999, 0.95
"""Of a right submission's further runs, 999 in 1,000 shall lie inside the bound, with 95 % confidence."""


def lower_bound(values: Sequence[float]) -> float:
    """Return the one-sided lower normal tolerance bound of at least two values, or the least of them if that is lower.

    The factor is Natrella's approximation (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.3).
    """
    count = len(values)
    if count < 2:
        raise ValueError("a bound needs at least two values")
    inside, sure = NormalDist().inv_cdf(COVERAGE), NormalDist().inv_cdf(CONFIDENCE)
    a = 1 - sure**2 / (2 * (count - 1))
    if a <= 0:
        return -math.inf
    b = inside**2 - sure**2 / count
    factor = (inside + math.sqrt(inside**2 - a * b)) / a
    return min(fmean(values) - factor * stdev(values), *values)


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
