"""From what was graded to what counts: whose it is, what a person decided over it, and what lateness costs."""

from collections.abc import Sequence

from msgspec.structs import replace

from grader.lab import LabSpec
from grader.results import Delivery, Result
from grader.rubric.late import apply_late
from grader.rubric.overrides import Decision, apply_overrides


def adjust(
    result: Result, spec: LabSpec, delivery: Delivery | None = None, decisions: Sequence[Decision] = ()
) -> Result:
    """Return a graded result with its delivery, a person's decisions and the late policy in force, in this order.

    Pure, and the same however often it is applied. Raises UsageError for a decision that fits nothing.
    """
    delivered = replace(result, delivery=delivery, late=None)
    return apply_late(apply_overrides(delivered, decisions), spec.late)
