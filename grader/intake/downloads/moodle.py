"""Moodle, "Download all submissions": NAME_PARTICIPANT_assignsubmission_PLUGIN, a folder each or, as an option, files.

The rule is that of moodle/moodle, mod/assign/classes/downloader.php: NAME is the full name (or "Participant" where
marking is blind, or the group's) with spaces for underscores; PARTICIPANT is the number that the grading worksheet
calls "Participant 123". No time is carried. Only the latest attempt is in it.
"""

import re
import unicodedata

from grader.intake.downloads.loose import gather
from grader.intake.handin import Handin, Listing
from grader.intake.items import Item
from grader.results import Person

SOURCE = "moodle"
NAMED = re.compile(
    r"(?P<name>[^_]+)(?:_(?P<participant>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.+))?", re.DOTALL
)
FILES = "file"  # the plugin that holds what students upload; others hold text typed into a form


def is_item(name: str) -> bool:
    """Tell whether a name is a Moodle submission's."""
    return _match(name) is not None


def read_moodle(listing: Listing) -> tuple[list[Handin], Listing]:
    """Gather each participant's files."""
    found = {item: match for item in listing.items if (match := _match(item.name)) and _fits(item, match)}
    students: dict[tuple[str, str], list[tuple[Item, re.Match[str]]]] = {}
    for item, match in found.items():
        students.setdefault((match["name"], match["participant"] or ""), []).append((item, match))
    handins = [_handin(name, participant, parts, listing) for (name, participant), parts in students.items()]
    return handins, listing.without(list(found))


def _handin(name: str, participant: str, parts: list[tuple[Item, re.Match[str]]], listing: Listing) -> Handin:
    uploaded = [(item, match) for item, match in parts if match["plugin"] == FILES] or parts
    folders = [item.path for item, _ in uploaded if item.folder]
    owner = f"{name}_{participant}"
    files = {match["file"]: item.path for item, match in uploaded if not item.folder}
    path = folders[0] if folders else gather(files, owner, listing)
    person = Person(name=name, identifiers={"moodle": participant} if participant else {})
    return Handin(SOURCE, owner, f"{name}-{participant}", (person,), path)


def _match(name: str) -> re.Match[str] | None:
    return NAMED.fullmatch(unicodedata.normalize("NFC", name))


def _fits(item: Item, match: re.Match[str]) -> bool:
    """A folder has no file's name behind the plugin's, and a loose file has."""
    return item.folder == (match["file"] is None)
