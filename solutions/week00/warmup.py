"""The reference."""

from collections.abc import Sequence
from math import fsum


def steps_per_epoch(num_examples: int, batch_size: int) -> int:
    """Count the batches that it takes to see every example once. Raises ValueError for a batch size below 1."""
    if batch_size < 1:
        raise ValueError(f"a batch holds at least one example, and not {batch_size}")
    return -(-num_examples // batch_size)


def mean_loss(losses: Sequence[float]) -> float:
    """Average the losses of an epoch. Raises ValueError where there is none."""
    if not losses:
        raise ValueError("there is no loss to average")
    return fsum(losses) / len(losses)
