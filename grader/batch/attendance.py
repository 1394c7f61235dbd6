"""Whose work is graded: the folder of a class, which of its attempts and which part of it are meant."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.batch.books import Absences, Books, open_books
from grader.batch.shards import Shard
from grader.errors import UsageError
from grader.intake.arrivals import Arrival, choose_attempts, find_arrivals


@dataclass(frozen=True)
class Class:
    """The folder of a class, where its reports go, what of it is to be graded, and what the instructor keeps of it."""

    folder: Path
    out: Path
    attempt: Literal["latest", "best"] = "latest"
    shard: Shard | None = None
    roster: Path | None = None
    overrides: Path | None = None
    pseudonymous: bool = False

    @property
    def reports(self) -> Path:
        """The folder of this run's reports and journal."""
        return self.shard.folder(self.out) if self.shard else self.out

    def open_books(self) -> Books:
        """Read the roster and the decisions by hand. Raises UsageError."""
        return open_books(self.roster, self.overrides, self.out)

    def arrivals(self, workspace: Path, books: Books) -> tuple[list[Arrival], Absences]:
        """Return the arrivals to grade, first come first, and whom the roster does not fit.

        Raises UsageError, and SubmissionError for a damaged bulk zip.
        """
        here, there = self.folder.resolve(), self.out.resolve()
        if there.is_relative_to(here) or here.is_relative_to(there):
            raise UsageError(f"{self.out} and {self.folder} lie in one another; choose another folder with --out.")
        named, absences = books.name(find_arrivals(self.folder, workspace))
        chosen = choose_attempts(named, self.attempt)
        mine = self.shard.select(chosen) if self.shard else chosen
        return sorted(mine, key=lambda arrival: (arrival.submitted_at is None, _when(arrival), arrival.id)), absences


def _when(arrival: Arrival) -> float:
    return arrival.submitted_at.timestamp() if arrival.submitted_at else 0.0
