"""GitHub Classroom and Classroom 50: a clone of each student's repository, and a CSV file with logins and times.

`gh classroom clone student-repos` fills SLUG-submissions/ with SLUG-LOGIN/, and `gh classroom assignment-grades` writes
grades.csv. `gh teacher download` fills CLASSROOM-ASSIGNMENT_submissions_TIME/ with CLASSROOM-ASSIGNMENT-LOGIN/ and
writes scores.csv, a row a submission. Times are taken from these files alone; Classroom 50's are its record of the
graded commit's date, which a student can set.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.intake.handin import Handin, Listing
from grader.intake.items import Item
from grader.intake.tables import read_table
from grader.intake.times import read_time
from grader.results import Person

CLASSROOM, CLASSROOM50 = "github_classroom", "classroom50"
AROUND = {
    CLASSROOM50: re.compile(r"(?P<prefix>.+)_submissions_\d{4}(?:_\d\d){2}_T(?:_\d\d){3}"),
    CLASSROOM: re.compile(r"(?P<prefix>.+)-submissions"),
}
GRADES, SCORES = "grades.csv", "scores.csv"


@dataclass(frozen=True)
class Repository:
    """What is known of one repository: its student's login and other names, attempts so far, time of the last."""

    source: str
    login: str
    name: str = ""
    identifiers: Mapping[str, str] | None = None
    attempt: int = 1
    submitted_at: datetime | None = None
    late: bool = False


def is_container(name: str) -> bool:
    """Tell whether a folder's name is that of a download of repositories."""
    return any(pattern.fullmatch(name) for pattern in AROUND.values())


def read_github(listing: Listing) -> tuple[list[Handin], Listing]:
    """Name each repository by the CSV file beside it or, without one, by the name of the folder around it."""
    tables = [path for name in (GRADES, SCORES) if (path := listing.table(name))]
    folders = [item for item in listing.items if item.folder]
    known = {**_by_name(listing, folders), **_by_grades(listing), **_by_scores(listing, folders)}
    found = [item for item in folders if item.name in known]
    handins = [_handin(item, known[item.name]) for item in found]
    lists = [item for item in listing.items if item.path in tables]
    return handins, listing.without([*found, *lists])


def _handin(item: Item, repository: Repository) -> Handin:
    person = Person(
        name=repository.name or repository.login,
        identifiers={"github": repository.login, **(repository.identifiers or {})},
    )
    return Handin(
        source=repository.source,
        owner=item.name.casefold(),
        label=repository.login,
        people=(person,),
        path=item.path,
        attempt=repository.attempt,
        submitted_at=repository.submitted_at,
        marked_late=repository.late,
    )


def _by_name(listing: Listing, folders: Sequence[Item]) -> dict[str, Repository]:
    for source, pattern in AROUND.items():
        if match := pattern.fullmatch(listing.around):
            prefix = f"{match['prefix']}-"
            names = [item.name for item in folders if item.name.casefold().startswith(prefix.casefold())]
            return {name: Repository(source, name[len(prefix) :]) for name in names if len(name) > len(prefix)}
    return {}


def _by_grades(listing: Listing) -> dict[str, Repository]:
    path = listing.table(GRADES)
    header, rows = read_table(path) if path else ([], [])
    if not {"github_username", "student_repository_name"} <= set(header):
        return {}
    return {
        row["student_repository_name"].rpartition("/")[2]: Repository(
            source=CLASSROOM,
            login=row["github_username"],
            identifiers={"roster": row["roster_identifier"]} if row.get("roster_identifier") else None,
            submitted_at=read_time(row.get("submission_timestamp", "")),
        )
        for row in rows
        if row["github_username"]
    }


def _by_scores(listing: Listing, folders: Sequence[Item]) -> dict[str, Repository]:
    path = listing.table(SCORES)
    header, rows = read_table(path) if path else ([], [])
    if not {"username", "datetime"} <= set(header):
        return {}
    students: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        students.setdefault(row["username"].casefold(), []).append(row)
    logins = {item.name: _login(item.name.casefold(), students) for item in folders}
    return {name: _scored(students[login]) for name, login in logins.items() if login}


def _login(name: str, known: Container[str]) -> str | None:
    """Return the longest login that a repository's name ends in after a hyphen."""
    ends = (name[place + 1 :] for place, character in enumerate(name) if character == "-")
    return next((end for end in ends if end and end in known), None)


def _scored(rows: Sequence[Mapping[str, str]]) -> Repository:
    times = {row["datetime"]: time for row in rows if (time := read_time(row["datetime"]))}
    last = max(rows, key=lambda row: times[row["datetime"]].timestamp() if row["datetime"] in times else 0.0)
    return Repository(
        source=CLASSROOM50,
        login=last["username"],
        name=" ".join(part for part in (last.get("first_name"), last.get("last_name")) if part),
        identifiers={"email": last["email"]} if last.get("email") else None,
        attempt=max(1, len(times)),
        submitted_at=times.get(last["datetime"]),
        late=last.get("late") == "true",
    )
