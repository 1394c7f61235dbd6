"""What an instructor keeps beside a class: its roster, and what they decided by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.intake.arrivals import Arrival
from grader.intake.roster import Roster, call_roll, read_roster
from grader.rubric import Decision, load_overrides, refuse_unknown_submissions

OVERRIDES = "overrides.toml"


@dataclass(frozen=True)
class Books:
    """A roster, where there is one, and the decisions to apply."""

    roster: Roster | None = None
    decisions: list[Decision] = field(default_factory=list)

    def name(self, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[str]]:
        """Return arrivals with the roster's names and identifiers, and sentences about whom it does not fit.

        Raises UsageError where a decision names a submission that did not arrive.
        """
        refuse_unknown_submissions(self.decisions, [arrival.id for arrival in arrivals])
        if self.roster is None:
            return list(arrivals), []
        call = call_roll(self.roster, arrivals)
        notes = [f"{person.name}: handed in nothing." for person in call.missing]
        notes += [f"{person.name}: more than one submission could be theirs." for person in call.unclear]
        notes += [f"{arrival.id}: {arrival.student} is not on the roster." for arrival in call.unlisted]
        return call.arrivals, notes


def open_books(roster: Path | None, overrides: Path | None, out: Path) -> Books:
    """Read a roster and decisions; without a path, those in `OUT/overrides.toml`, if it is there. Raises UsageError."""
    kept = out / OVERRIDES
    path = overrides or (kept if kept.is_file() else None)
    return Books(read_roster(roster) if roster else None, load_overrides(path) if path else [])
