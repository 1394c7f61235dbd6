"""What one item of a class's folder is: whose, which attempt, when, and where the download says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.intake.items import Item
from grader.results import Person


@dataclass(frozen=True)
class Handin:
    """One attempt, as one platform's download names it.

    `owner` is what all attempts of one person (or group) share and nobody else has, within its `source`; `label` is the
    readable part of an id. `submitted_at` knows its time zone; it is None where the download carries no time.
    """

    source: str
    owner: str
    label: str
    people: tuple[Person, ...]
    path: Path
    attempt: int = 1
    submitted_at: datetime | None = None
    marked_late: bool = False


@dataclass(frozen=True)
class Listing:
    """Items that lie together, the name of the folder or zip around them, and a place to pack loose files in."""

    around: str
    items: Sequence[Item]
    workspace: Path

    def without(self, items: Sequence[Item]) -> "Listing":
        """Return the listing less some items."""
        gone = set(items)
        return Listing(self.around, [item for item in self.items if item not in gone], self.workspace)

    def table(self, name: str) -> Path | None:
        """Return the path of a list that the platform put beside the submissions, where it did."""
        return next((item.path for item in self.items if item.name == name and not item.folder), None)


# A reader of one platform's downloads: what it recognises, and the listing of what is left.
Reader = Callable[[Listing], tuple[list[Handin], Listing]]
