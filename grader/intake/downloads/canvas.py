"""Canvas, "Download Submissions": loose files named NAME[_LATE]_USER_ATTACHMENT_FILE, all of the latest attempt.

The rule is that of instructure/canvas-lms, lib/content_zipper.rb: NAME is the sortable name in small letters without
anything but word characters, USER and ATTACHMENT are numbers, FILE is the student's own name for it. With anonymous
grading it is [LATE_]anon_CODE_ATTACHMENT_FILE. No time is carried, only the mark LATE.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.intake.downloads.loose import gather, is_archive
from grader.intake.handin import Handin, Listing
from grader.intake.items import Item
from grader.results import Person

SOURCE = "canvas"
NAMED = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<name>anon)_(?P<user>[A-Za-z0-9]{5})_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL
)
RENAMED = re.compile(r"(?P<stem>.+)-\d+(?P<suffix>\.[A-Za-z]+)")


@dataclass(frozen=True)
class Attachment:
    """One file. Canvas numbers attachments as they are uploaded, so a higher number is newer."""

    name: str
    user: str
    number: int
    file: str
    late: bool
    path: Path


def is_item(name: str) -> bool:
    """Tell whether a name is a Canvas submission's."""
    return _match(name) is not None


def read_canvas(listing: Listing) -> tuple[list[Handin], Listing]:
    """Gather each student's attachments: archives are attempts of their own, loose files make one submission.

    Name and number together say whose a file is, since a student can put an underscore and a number into their name.
    """
    found = {item: attachment for item in listing.items if (attachment := _read(item))}
    students: dict[tuple[str, str], list[Attachment]] = {}
    for attachment in sorted(found.values(), key=lambda one: one.number):
        students.setdefault((attachment.name, attachment.user), []).append(attachment)
    handins = [handin for student in students.values() for handin in _handins(student, listing)]
    return handins, listing.without(list(found))


def _handins(attachments: list[Attachment], listing: Listing) -> list[Handin]:
    archives = [attachment for attachment in attachments if is_archive(attachment.file)]
    first = attachments[0]
    owner = f"{first.name}_{first.user}"
    anonymous = first.name == "anon"
    person = Person(
        name=owner if anonymous else first.name, identifiers={"canvas_anonymous" if anonymous else "canvas": first.user}
    )
    if len(archives) == len(attachments):
        attempts = [(attachment.path, attachment.late) for attachment in archives]
    else:
        files = {_original(attachment.file): attachment.path for attachment in attachments}
        attempts = [(gather(files, owner, listing), any(attachment.late for attachment in attachments))]
    return [
        Handin(SOURCE, owner, f"{first.name}-{first.user}", (person,), path, attempt=number, marked_late=late)
        for number, (path, late) in enumerate(attempts, start=1)
    ]


def _read(item: Item) -> Attachment | None:
    match = None if item.folder else _match(item.name)
    if match is None:
        return None
    parts = match.groupdict()
    return Attachment(
        parts["name"], parts["user"], int(parts["attachment"][:18]), parts["file"], bool(parts["late"]), item.path
    )


def _match(name: str) -> re.Match[str] | None:
    plain = unicodedata.normalize("NFC", name)
    return ANONYMOUS.fullmatch(plain) or NAMED.fullmatch(plain)


def _original(file: str) -> str:
    """Undo what Canvas does to a file handed in again, `formatting-1.py`: a module needs its own name."""
    renamed = RENAMED.fullmatch(file)
    name = renamed["stem"] + renamed["suffix"] if renamed else file
    return PurePosixPath(name.replace("\\", "/")).name or "file"
