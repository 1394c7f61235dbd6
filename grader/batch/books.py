"""What an instructor keeps beside a class: its roster, and what they decided by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.intake.arrivals import Arrival
from grader.intake.roster import Roster, call_roll, read_roster
from grader.rubric import Decision, load_overrides, refuse_unknown_submissions

OVERRIDES = "overrides.toml"


class Absences(msgspec.Struct, frozen=True, kw_only=True):
    """How a roster and a class do not fit: names of it without a submission, and submissions (ids) without a name."""

    missing: list[str] = []
    unclear: list[str] = []
    unlisted: list[str] = []

    def people(self) -> list[str]:
        """Return the names of those who are on the roster only."""
        return [*self.missing, *self.unclear]

    def notes(self) -> list[str]:
        """Return a sentence about each."""
        return [
            *(f"{person}: handed in nothing." for person in self.missing),
            *(f"{person}: more than one submission could be theirs." for person in self.unclear),
            *(f"{id}: is not on the roster." for id in self.unlisted),
        ]


@dataclass(frozen=True)
class Books:
    """A roster, where there is one, and the decisions to apply."""

    roster: Roster | None = None
    decisions: list[Decision] = field(default_factory=list)

    def name(self, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], Absences]:
        """Return arrivals with the roster's names and identifiers, and whom it does not fit.

        Raises UsageError where a decision names a submission that did not arrive.
        """
        refuse_unknown_submissions(self.decisions, [arrival.id for arrival in arrivals])
        if self.roster is None:
            return list(arrivals), Absences()
        call = call_roll(self.roster, arrivals)
        absences = Absences(
            missing=[person.name for person in call.missing],
            unclear=[person.name for person in call.unclear],
            unlisted=[arrival.id for arrival in call.unlisted],
        )
        return call.arrivals, absences


def open_books(roster: Path | None, overrides: Path | None, out: Path) -> Books:
    """Read a roster and decisions; without a path, those in `OUT/overrides.toml`, if it is there. Raises UsageError."""
    kept = out / OVERRIDES
    path = overrides or (kept if kept.is_file() else None)
    return Books(read_roster(roster) if roster else None, load_overrides(path) if path else [])
