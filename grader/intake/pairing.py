"""Who of a list is who of a download: by identifiers first, then by a login as a folder's name, then by names.

Names are the weakest: some platforms let students choose theirs. So a name never stands against an identifier, and
where more than one fits, none is taken.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from grader.results import Person

Slot = tuple[int, int]  # which owner, and which of its people
Marks = Callable[[Person], Iterable[str]]


@dataclass(frozen=True)
class Pairing:
    """`found` maps a place in the list to a slot; `unclear` are places in the list for which more than one fits."""

    found: dict[int, Slot] = field(default_factory=dict)
    unclear: list[int] = field(default_factory=list)


def pair(listed: Sequence[Person], owners: Sequence[Sequence[Person]]) -> Pairing:
    """Find for each person of a list the one slot that is theirs. Nobody's slot is given twice."""
    slots = {(owner, place): person for owner, people in enumerate(owners) for place, person in enumerate(people)}
    indexes = [(ours, _index(slots, theirs)) for ours, theirs in RULES]
    candidates = [_candidates(person, slots, indexes) for person in listed]
    claims = Counter(fitting[0] for fitting in candidates if len(fitting) == 1)
    pairing = Pairing()
    for number, fitting in enumerate(candidates):
        if len(fitting) == 1 and claims[fitting[0]] == 1:
            pairing.found[number] = fitting[0]
        elif fitting:
            pairing.unclear.append(number)
    return pairing


def _candidates(
    person: Person, slots: dict[Slot, Person], indexes: Sequence[tuple[Marks, dict[str, list[Slot]]]]
) -> list[Slot]:
    for marks, index in indexes:
        found = dict.fromkeys(slot for mark in marks(person) for slot in index.get(mark, ()))
        if possible := [slot for slot in found if not _contradict(person, slots[slot])]:
            return possible
    return []


def _index(slots: dict[Slot, Person], marks: Marks) -> dict[str, list[Slot]]:
    index: dict[str, list[Slot]] = {}
    for slot, person in slots.items():
        for mark in marks(person):
            index.setdefault(mark, []).append(slot)
    return index


def _contradict(person: Person, other: Person) -> bool:
    """Tell whether the two have identifiers of the same kinds, and none of them alike."""
    shared = person.identifiers.keys() & other.identifiers.keys()
    return bool(shared) and all(_fold(person.identifiers[kind]) != _fold(other.identifiers[kind]) for kind in shared)


def _identifiers(person: Person) -> Iterable[str]:
    return [f"{kind}:{_fold(value)}" for kind, value in person.identifiers.items()]


def _logins(person: Person) -> Iterable[str]:
    values = [_fold(value) for value in person.identifiers.values()]
    return [*values, *(value.partition("@")[0] for value in values if "@" in value)]


def _whole_name(person: Person) -> Iterable[str]:
    return [_fold(person.name)]


def _spellings(person: Person) -> Iterable[str]:
    """Return a name's words run together, beginning at each of them: Canvas turns `Lovelace, Ada` to `lovelaceada`."""
    words = re.findall(r"[^\W_]+", _fold(person.name))[:10]
    return {"".join([*words[start:], *words[:start]]) for start in range(len(words))}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


# What marks a person of the list, and what marks the same one in a download; the first rule that finds any decides.
RULES: tuple[tuple[Marks, Marks], ...] = (
    (_identifiers, _identifiers),
    (_logins, _whole_name),
    (_spellings, _spellings),
)
