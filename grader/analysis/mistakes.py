"""Mistakes that several submissions make: the same check, the same way of failing, the same words of ours about it."""

import re
from dataclasses import dataclass

from grader.results import CheckResult, Outcome, Result

LONGEST = 200  # characters kept of a text
_MISTAKES = {Outcome.FAILED, Outcome.ERRORED, Outcome.TIMED_OUT}
# What differs between two submissions that make the same mistake: values, numbers, code.
_VARYING = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\d+(?:[.,]\d+)*")
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,59}(?=:|$)")


@dataclass(frozen=True)
class Mistake:
    """A mistake by name: the check, how it ended, what was said. `feedback` is what the student reads."""

    check: str
    outcome: Outcome
    name: str
    feedback: str


@dataclass
class Cluster:
    """A mistake, how many submissions make it, and the first of them (its id, and what came of it there)."""

    mistake: Mistake
    title: str
    example: str
    message: str
    count: int = 0


def mistake_of(check: CheckResult) -> Mistake | None:
    """Name the mistake behind a check that did not pass; None where it passed, waits, was not begun, or is our fault.

    A failed check is named by its hint and its message without the values in it; an exception by its kind.
    """
    if check.outcome not in _MISTAKES:
        return None
    if check.outcome is Outcome.ERRORED:
        kind = _KIND.match(check.message)
        name = kind[0] if kind else _VARYING.sub("…", check.message[:LONGEST])
        return Mistake(check.id, check.outcome, name, name)
    hint, message = check.hint[:LONGEST], _VARYING.sub("…", check.message[:LONGEST])
    return Mistake(check.id, check.outcome, f"{hint}\n{message}", hint or message)


class Clusters:
    """Counts mistakes. Kept for each: its names, and the message of its first example, both cut."""

    def __init__(self) -> None:
        self._clusters: dict[Mistake, Cluster] = {}

    def add(self, result: Result) -> None:
        """Count the mistakes of one submission."""
        for check in result.checks():
            mistake = mistake_of(check)
            if mistake:
                example = result.submission.id
                start = Cluster(mistake, check.title, example, check.message[:LONGEST])
                self._clusters.setdefault(mistake, start).count += 1

    def largest(self, most: int) -> list[Cluster]:
        """Return the clusters of two and more, largest first; of equal ones, in the lab's order of first sight."""
        shared = [cluster for cluster in self._clusters.values() if cluster.count > 1]
        return sorted(shared, key=lambda cluster: -cluster.count)[:most]
