"""Two things timed in turn, A B A B, after one warm-up each: medians, spread, and the ratio pair by pair."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import msgspec

from grader.environment import describe_environment


class Side(msgspec.Struct, frozen=True):
    """Seconds of one side."""

    name: str
    median_s: float
    least_s: float
    most_s: float


class Pair(msgspec.Struct, frozen=True):
    """One comparison; `ratio` is the median of B over A, pair by pair."""

    title: str
    a: Side
    b: Side
    ratio: float
    runs: int

    COLUMNS: ClassVar[tuple[str, ...]] = ("what", "A", "median", "B", "median", "B/A")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        sides = (self.a.name, f"{self.a.median_s:.3f} s", self.b.name, f"{self.b.median_s:.3f} s")
        return self.title, *sides, f"{self.ratio:.1f}"


class Row(Protocol):
    """One line of what a suite found out."""

    COLUMNS: ClassVar[tuple[str, ...]]

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table, one cell a column."""


class Report(msgspec.Struct, frozen=True):
    """What one suite measured, and with what."""

    suite: str
    commit: str
    environment: dict[str, Any]
    rows: list[Any]


def compare(title: str, a: tuple[str, Callable[[], None]], b: tuple[str, Callable[[], None]], runs: int) -> Pair:
    """Run both once to warm up, then `runs` times in turn."""
    for _, work in (a, b):
        work()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for side, (_, work) in zip(times, (a, b), strict=True):
            begun = time.perf_counter()
            work()
            side.append(time.perf_counter() - begun)
    ratio = statistics.median(second / first for first, second in zip(*times, strict=True))
    return Pair(title, _side(a[0], times[0]), _side(b[0], times[1]), round(ratio, 2), runs)


def report(suite: str, commit: str, rows: Sequence[Row]) -> Report:
    """Add the machine and the versions."""
    return Report(suite, commit, describe_environment(), list(rows))


def _side(name: str, seconds: list[float]) -> Side:
    return Side(name, *(round(value, 4) for value in (statistics.median(seconds), min(seconds), max(seconds))))
