"""Gradescope, "Export Submissions": a folder submission_NUMBER for each, and submission_metadata.yml beside them.

The metadata, written by Ruby, maps each folder to `:submitters` (with `:name`, `:sid`, `:email`), `:created_at` and
`:history` (the attempts before this one, of which the files are not exported).
"""

import re
from collections.abc import Mapping
from pathlib import Path

from grader.errors import UsageError
from grader.intake.handin import Handin, Listing
from grader.intake.plain_yaml import read_yaml
from grader.intake.times import read_time
from grader.results import Person

SOURCE = "gradescope"
METADATA = "submission_metadata.yml"
AROUND = re.compile(r"assignment_\d+_export")
LARGEST = 256 << 20  # it holds every attempt's results, so a large class comes to many megabytes


def is_container(name: str) -> bool:
    """Tell whether a folder's name is that of an export."""
    return AROUND.fullmatch(name) is not None


def read_gradescope(listing: Listing) -> tuple[list[Handin], Listing]:
    """Name each folder that the metadata lists."""
    path = listing.table(METADATA)
    if path is None:
        return [], listing
    records = _read_metadata(path)
    found = [item for item in listing.items if item.name in records]
    handins = [_handin(item.name, records[item.name], item.path) for item in found]
    return handins, listing.without([*found, *(item for item in listing.items if item.path == path)])


def _handin(name: str, record: Mapping[str, object], path: Path) -> Handin:
    submitters = record.get(":submitters")
    people = tuple(
        _person(submitter)
        for submitter in (submitters if isinstance(submitters, list) else [])
        if isinstance(submitter, Mapping)
    )
    history = record.get(":history")
    created = record.get(":created_at")
    return Handin(
        source=SOURCE,
        owner="+".join(sorted(_key(person) for person in people)) or name,
        label="-".join(person.name for person in people) or name,
        people=people or (Person(name=name),),
        path=path,
        attempt=1 + (len(history) if isinstance(history, list) else 0),
        submitted_at=read_time(created) if isinstance(created, str) else None,
    )


def _person(submitter: Mapping[object, object]) -> Person:
    kinds = {"sid": ":sid", "email": ":email"}
    identifiers = {kind: str(value) for kind, key in kinds.items() if (value := submitter.get(key))}
    name = submitter.get(":name") or next(iter(identifiers.values()), "unnamed")
    return Person(name=str(name), identifiers=identifiers)


def _key(person: Person) -> str:
    return person.identifiers.get("email") or person.identifiers.get("sid") or person.name


def _read_metadata(path: Path) -> dict[str, Mapping[str, object]]:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: is over 256 MB; export fewer submissions at once.")
        records = read_yaml(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); export the submissions again.") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not the YAML that Gradescope writes; export the submissions again.") from error
    named = records.items() if isinstance(records, dict) else ()
    found = {str(name): record for name, record in named if isinstance(record, Mapping)}
    if not found:
        raise UsageError(f"{path}: lists no submissions; export them again.")
    return found
