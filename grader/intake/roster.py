"""The list of a class: who should have handed in, and what each platform calls them.

Any CSV with a header does: one made by hand, Canvas's gradebook, Moodle's grading worksheet or list of participants,
Gradescope's or a GitHub classroom's roster.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from grader.errors import UsageError
from grader.intake.arrivals import Arrival
from grader.intake.names import quote
from grader.intake.pairing import pair
from grader.intake.tables import read_table
from grader.results import Person

NAMES = ("student", "name", "full name", "student name")
FIRST, LAST = ("first name", "firstname", "given name"), ("last name", "lastname", "surname", "family name")
KINDS = {
    "sid": "sid",
    "sis user id": "sid",
    "student id": "sid",
    "id number": "sid",
    "idnumber": "sid",
    "email": "email",
    "e mail": "email",
    "email address": "email",
    "github": "github",
    "github username": "github",
    "github login": "github",
    "login": "login",
    "sis login id": "login",
    "netid": "login",
    "username": "login",
    "roster identifier": "roster",
    "identifier": "roster",
    "id": "sid",
}
PARTICIPANT = re.compile(r"participant\s*(\d+)", re.IGNORECASE)
NO_STUDENT = re.compile(r"points possible|student, test", re.IGNORECASE)


@dataclass(frozen=True)
class Roster:
    """Everybody on the list, in its order."""

    students: tuple[Person, ...]


@dataclass(frozen=True)
class RollCall:
    """Arrivals with the roster's names and identifiers; who is missing; who is not on it; whom names do not settle."""

    arrivals: list[Arrival]
    missing: list[Person]
    unlisted: list[Arrival]
    unclear: list[Person]


def read_roster(path: Path) -> Roster:
    """Read a roster. Raises UsageError in one sentence: no header, nobody on it, one person twice."""
    header, rows = read_table(path)
    listed = [(number, person) for number, row in enumerate(rows, start=2) if (person := read_person(header, row))]
    if not {*columns_of(header).values()} - {""}:
        raise UsageError(f"{path}: its first line must name the columns, such as name, email, student id or github.")
    if not listed:
        raise UsageError(f"{path}: lists nobody; add a line for each student under the header.")
    seen: dict[tuple[str, str], int] = {}
    for number, person in listed:
        marks = [*person.identifiers.items()] or [("name", person.name)]
        for kind, value in marks:
            first = seen.setdefault((kind, value.casefold()), number)
            if first != number:
                raise UsageError(f"{path}: rows {first} and {number} have the same {kind}, {quote(value)}; keep one.")
    return Roster(tuple(person for _, person in listed))


def call_roll(roster: Roster, arrivals: Sequence[Arrival]) -> RollCall:
    """Match a class's arrivals with its roster. All attempts of one owner get the same person."""
    owners = {arrival.owner or arrival.id: arrival.people for arrival in arrivals}
    keys = list(owners)
    pairing = pair(roster.students, [owners[key] for key in keys])
    people = {key: list(owners[key]) for key in keys}
    for number, (owner, place) in pairing.found.items():
        person, known = people[keys[owner]][place], roster.students[number]
        merged = {**person.identifiers, **known.identifiers}
        people[keys[owner]][place] = msgspec.structs.replace(known, identifiers=merged)
    listed = {keys[owner] for owner, _ in pairing.found.values()}
    named = [replace(arrival, people=tuple(people[arrival.owner or arrival.id])) for arrival in arrivals]
    named = [replace(arrival, student=" and ".join(person.name for person in arrival.people)) for arrival in named]
    return RollCall(
        arrivals=named,
        missing=[
            person
            for number, person in enumerate(roster.students)
            if number not in pairing.found and number not in pairing.unclear
        ],
        unlisted=[arrival for arrival in named if (arrival.owner or arrival.id) not in listed],
        unclear=[roster.students[number] for number in pairing.unclear],
    )


def columns_of(header: Sequence[str]) -> dict[str, str]:
    """Return what each column holds: `name`, `first`, `last`, a kind of identifier, or nothing that we know.

    Canvas calls its own number of a student ID; Classroom 50 calls a GitHub login username.
    """
    plain = {name: re.sub(r"[\s_-]+", " ", name.casefold()).strip() for name in header}
    kinds = dict(KINDS)
    if {"student", "section"} <= set(plain.values()):
        kinds["id"] = "canvas"
    if "github id" in plain.values():
        kinds["username"] = "github"
    groups = {**dict.fromkeys(NAMES, "name"), **dict.fromkeys(FIRST, "first"), **dict.fromkeys(LAST, "last")}
    return {name: groups.get(text) or kinds.get(text, "") for name, text in plain.items()}


def read_person(header: Sequence[str], row: Mapping[str, str]) -> Person | None:
    """Return the person of a row, or None where the row is no student's (Canvas's row of points possible)."""
    parts: dict[str, str] = {}
    for column, kind in columns_of(header).items():
        if kind and row[column]:
            parts.setdefault(kind, row[column])
    whole = " ".join(parts.pop(part) for part in ("first", "last") if part in parts)
    name = parts.pop("name", "") or whole
    if NO_STUDENT.fullmatch(name):
        return None
    if participant := PARTICIPANT.fullmatch(parts.get("roster", "")):
        del parts["roster"]
        parts["moodle"] = participant[1]
    if "@" in parts.get("login", ""):
        parts.setdefault("email", parts["login"])
    if not name and not parts:
        return None
    return Person(name=name or next(iter(parts.values())), identifiers=parts)
