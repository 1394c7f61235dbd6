"""Lateness → points, by the policy in lab.toml and the time that the platform's download carries."""

import math
from datetime import datetime, timedelta

from msgspec.structs import replace

from grader.lab import LatePolicy
from grader.results import Delivery, LatePenalty, Result, tidy
from grader.rubric.totals import total

DAY = timedelta(days=1)


def apply_late(result: Result, policy: LatePolicy | None) -> Result:
    """Return a result with the penalty for its delivery's time taken off its score.

    Without a policy or a delivery, or in time, there is no penalty and nothing is said. A delivery without a time costs
    nothing, and the note says so: a guess could cost points.
    """
    gross = total(replace(result, late=None))
    if policy is None or result.delivery is None:
        return gross
    if result.delivery.submitted_at is None:
        return replace(gross, late=_unknown(policy, result.delivery))
    late_by = datetime.fromisoformat(result.delivery.submitted_at) - policy.due
    if late_by <= timedelta(0):
        return gross
    days = 0 if late_by <= timedelta(minutes=policy.grace) else math.ceil(late_by / DAY)
    points = tidy(min(policy.per_day * days, policy.cap, gross.score))
    note = _describe(late_by, days, points, policy)
    return total(replace(gross, late=LatePenalty(due=policy.due.isoformat(), days=days, points=points, note=note)))


def _unknown(policy: LatePolicy, delivery: Delivery) -> LatePenalty:
    note = "The download carries no time of submission, so nothing was taken off for lateness."
    if delivery.marked_late:
        source = delivery.source.capitalize()
        note = (
            f"{source} marks it as late, but its download carries no time of submission, "
            "so nothing was taken off for lateness."
        )
    return LatePenalty(due=policy.due.isoformat(), days=0, points=0.0, note=note)


def _describe(late_by: timedelta, days: int, points: float, policy: LatePolicy) -> str:
    span = _span(late_by)
    if not days:
        return (
            f"Handed in {span} after the due time, within the {policy.grace:g} minutes of grace: nothing was taken off."
        )
    rate, cap, off = f"{policy.per_day:g}", f"{policy.cap:g}", f"{points:g}"
    if days == 1:
        return (
            f"Handed in {span} after the due time, so 1 day late at {rate} points a day (at most {cap}): "
            f"{off} taken off."
        )
    return (
        f"Handed in {span} after the due time, so {days} days late at {rate} points a day (at most {cap}): "
        f"{off} taken off."
    )


def _span(span: timedelta) -> str:
    """Return a time span in its two largest units; what is under a minute is called that."""
    minutes = int(span.total_seconds() // 60)
    parts = {"d": minutes // 1440, "h": minutes // 60 % 24, "min": minutes % 60}
    return " ".join([f"{count} {unit}" for unit, count in parts.items() if count][:2]) or "under a minute"
