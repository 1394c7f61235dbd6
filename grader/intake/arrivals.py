"""A class's folder, or a bulk zip of one, as a list of arrivals: who handed in what, which attempt, when.

An arrival's id names its folder of reports, so it is unique also where disks ignore case and Unicode forms, and is
never a name that the grader or an operating system keeps for itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from grader.errors import UsageError
from grader.intake.downloads import canvas, github, gradescope, moodle, plain
from grader.intake.handin import Handin, Listing, Reader
from grader.intake.ids import unique_ids
from grader.intake.items import list_folder, unpack_bulk
from grader.results import Delivery, Person

READERS: tuple[Reader, ...] = (
    gradescope.read_gradescope,
    github.read_github,
    moodle.read_moodle,
    canvas.read_canvas,
    plain.read_plain,
)
CONTAINERS = (gradescope.is_container, github.is_container)

LONGEST = 200  # characters of a name
Which = Literal["latest", "best"]


@dataclass(frozen=True)
class Arrival:
    """One attempt of one student or group.

    `id` belongs to the arrival and is the result's `submission.id`: that of a student's latest attempt stays the same
    when another attempt arrives. `path` is what `open_submission` reads; its name says nothing. `student` is for
    people to read; `people` has their identifiers. `submitted_at` knows its time zone, and is None where the download
    carries no time; `marked_late` is the platform's own mark. `owner` is what one student's attempts share.
    """

    id: str
    path: Path
    student: str
    attempt: int
    submitted_at: datetime | None
    source: str
    people: tuple[Person, ...] = ()
    owner: str = ""
    marked_late: bool = False

    def delivery(self) -> Delivery:
        """Return what a result keeps of this."""
        submitted_at = self.submitted_at.isoformat() if self.submitted_at else None
        return Delivery(
            source=self.source,
            people=list(self.people),
            attempt=self.attempt,
            submitted_at=submitted_at,
            marked_late=self.marked_late,
        )


def find_arrivals(folder: Path, workspace: Path) -> list[Arrival]:
    """List what is in a folder of submissions, or in a zip of many as a platform gives it, ordered by id.

    `workspace` is the caller's private folder, empty or not there yet, kept for as long as the arrivals are read: a
    bulk zip is taken apart in it, and a student's loose files are packed in it. Raises UsageError where there is
    nothing to list, and SubmissionError for a damaged bulk zip.
    """
    handins = [handin for listing in _listings(folder, workspace) for handin in _read(listing)]
    if not handins:
        raise UsageError(f"{folder}: holds no submissions; name the folder that has one folder or archive a student.")
    ids = unique_ids(handins)
    arrivals = [_arrive(handin, id) for handin, id in zip(handins, ids, strict=True)]
    return sorted(arrivals, key=lambda arrival: arrival.id)


def choose_attempts(arrivals: Sequence[Arrival], which: Which = "latest") -> list[Arrival]:
    """Return the arrivals to grade: each student's latest, or all of them where the best is to count."""
    if which == "best":
        return list(arrivals)
    return [max(attempts, key=_order) for attempts in _by_owner(arrivals).values()]


def choose_best(arrivals: Sequence[Arrival], scores: Mapping[str, float]) -> list[Arrival]:
    """Return each student's attempt with the highest score by id, the latest of equal ones; unscored is lowest."""
    return [
        max(attempts, key=lambda arrival: (scores.get(arrival.id, float("-inf")), _order(arrival)))
        for attempts in _by_owner(arrivals).values()
    ]


def _listings(folder: Path, workspace: Path) -> list[Listing]:
    """Return the items of the folder, and of each folder in it that is a whole download by its name.

    A zip inside the folder is one submission, whatever it holds: its content is a student's word.
    """
    if not folder.is_dir():
        if not folder.is_file():
            raise UsageError(f"{folder}: there is nothing here; name a folder of submissions, or a zip of them.")
        around, items = unpack_bulk(folder, workspace, lambda name: canvas.is_item(name) or moodle.is_item(name))
        return [Listing(around, items, workspace)]
    items = list_folder(folder)
    inner = [item for item in items if item.folder and any(is_one(item.name) for is_one in CONTAINERS)]
    around = folder.resolve().name
    return [
        Listing(around, [item for item in items if item not in inner], workspace),
        *(Listing(item.name, list_folder(item.path), workspace) for item in inner),
    ]


def _read(listing: Listing) -> list[Handin]:
    handins: list[Handin] = []
    for reader in READERS:
        found, listing = reader(listing)
        handins += found
    return handins


def _arrive(handin: Handin, id: str) -> Arrival:
    people = tuple(_legible(person) for person in handin.people)
    return Arrival(
        id=id,
        path=handin.path,
        student=" and ".join(person.name for person in people),
        attempt=handin.attempt,
        submitted_at=handin.submitted_at,
        source=handin.source,
        people=people,
        owner=f"{handin.source}/{handin.owner}",
        marked_late=handin.marked_late,
    )


def _legible(person: Person) -> Person:
    """Return a person whose name can be written: short, and UTF-8 also where a file's name is not."""
    identifiers = {kind: _cut(value) for kind, value in person.identifiers.items()}
    return Person(name=_cut(person.name), identifiers=identifiers)


def _cut(text: str) -> str:
    return text.encode(errors="replace").decode()[:LONGEST]


def _by_owner(arrivals: Sequence[Arrival]) -> dict[str, list[Arrival]]:
    owners: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        owners.setdefault(arrival.owner or arrival.id, []).append(arrival)
    return owners


def _order(arrival: Arrival) -> tuple[int, float]:
    return arrival.attempt, arrival.submitted_at.timestamp() if arrival.submitted_at else 0.0
