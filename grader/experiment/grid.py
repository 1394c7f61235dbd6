"""The grid: one axis at a time, so that a curve shows what one setting does while the others stay."""

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from grader.errors import UsageError

USUAL = 20  # examples with which rate and rank are varied: the exercise's number
MOST_VALUES = 12  # of one axis: a run each


class Axis(StrEnum):
    """What is varied. The last two are names of keyword parameters that a fine_tune may have."""

    EXAMPLES = "examples"
    LEARNING_RATE = "learning_rate"
    RANK = "rank"


class Cell(msgspec.Struct, frozen=True):
    """One run: `value` of the axis, and the number of examples."""

    axis: Axis
    value: float
    examples: int

    @property
    def settings(self) -> dict[str, float]:
        """The keyword arguments beyond the contract: none where the examples are varied."""
        if self.axis is Axis.EXAMPLES:
            return {}
        return {self.axis.value: int(self.value) if self.axis is Axis.RANK else self.value}


def list_cells(sizes: Sequence[int], rates: Sequence[float], ranks: Sequence[int]) -> Iterator[Cell]:
    """Yield the runs, small ones first; rate and rank with the exercise's number of examples, or the nearest."""
    usual = min(sizes, key=lambda size: abs(size - USUAL))
    yield from (Cell(Axis.EXAMPLES, size, size) for size in sizes)
    yield from (Cell(Axis.LEARNING_RATE, rate, usual) for rate in rates)
    yield from (Cell(Axis.RANK, rank, usual) for rank in ranks)


def read_numbers(text: str, option: str, *, whole: bool = False) -> list[float]:
    """Read `10,20,50` as positive numbers, sorted, each once. Raises UsageError that names the option."""
    try:
        numbers = sorted({float(part) for part in text.split(",") if part.strip()})
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: give numbers with commas between them, as 10,20,50.") from error
    if any(not math.isfinite(number) or number <= 0 or (whole and number != int(number)) for number in numbers):
        kind = "whole numbers" if whole else "numbers"
        raise UsageError(f"{option} {text!r}: all should be {kind} above 0.")
    if len(numbers) > MOST_VALUES:
        raise UsageError(f"{option} names {len(numbers)} values; at most {MOST_VALUES}, for each is a training run.")
    return numbers
