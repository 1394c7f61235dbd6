"""Two functions of one line each, to see that everything is set up. Lesson: README.md, section "The task"."""

from collections.abc import Sequence


def steps_per_epoch(num_examples: int, batch_size: int) -> int:
    """Count the batches that it takes to see every example once; the last one may be smaller.

    Args:
        num_examples: 0 or more.
        batch_size: examples in a full batch.

    Returns:
        The number of batches.

    Raises:
        ValueError: where the batch size is below 1.

    Example:
        >>> steps_per_epoch(20, 8)
        3
    """
    raise NotImplementedError("task 1: divide, and round up")


def mean_loss(losses: Sequence[float]) -> float:
    """Average the losses of an epoch.

    Args:
        losses: one number a step.

    Returns:
        Their arithmetic mean.

    Raises:
        ValueError: where there is no loss.

    Example:
        >>> mean_loss([3.0, 2.0, 1.0])
        2.0
    """
    raise NotImplementedError("task 2: add up, and divide")
