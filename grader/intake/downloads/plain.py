"""Folders and archives that somebody named by hand: the name is the student's, with `-attempt-2` for another."""

import re
import unicodedata
from collections import Counter

from grader.errors import UsageError
from grader.intake.archive import SUFFIXES
from grader.intake.handin import Handin, Listing
from grader.intake.items import Item
from grader.results import Person

SOURCE = "folder"
ATTEMPT = re.compile(r"(?P<name>.+?)[-_ ]attempt[-_ ]?(?P<number>[1-9]\d{0,3})", re.IGNORECASE | re.DOTALL)
NOT_SUBMISSIONS = (".csv", ".md", "overrides.toml")  # an instructor's own lists and notes


def read_plain(listing: Listing) -> tuple[list[Handin], Listing]:
    """Take every item for a submission but an instructor's own lists. Raises UsageError for a single submission."""
    rest = [item for item in listing.items if item.folder or not item.name.lower().endswith(NOT_SUBMISSIONS)]
    modules = [item.name for item in rest if item.name.endswith(".py") and not item.folder]
    if modules:
        raise UsageError(
            f"{listing.around}: holds {modules[0]!r} itself, so it is one submission; use `grader grade` for it, "
            "or name the folder that holds the submissions."
        )
    named = {item: _attempt(item) for item in rest}
    counts = Counter(named.values())
    # Two items with one name and number are two people's: nobody's work may replace another's.
    handins = [_handin(item, *attempt, alone=counts[attempt] == 1) for item, attempt in named.items()]
    return handins, listing.without(rest)


def _handin(item: Item, name: str, number: int, *, alone: bool) -> Handin:
    person = Person(name=unicodedata.normalize("NFC", name))
    return Handin(SOURCE, name if alone else item.name, name, (person,), item.path, number)


def _attempt(item: Item) -> tuple[str, int]:
    """Return the name without the archive's suffix and the attempt, and the attempt's number."""
    suffix = "" if item.folder else next((end for end in SUFFIXES[::-1] if item.name.lower().endswith(end)), "")
    stem = item.name[: len(item.name) - len(suffix)] or item.name
    match = ATTEMPT.fullmatch(stem)
    return (match["name"], int(match["number"])) if match else (stem, 1)
