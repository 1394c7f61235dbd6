"""What came back beside what was expected, with the differing pieces marked."""

import ast
import pprint
import re
import warnings
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from grader.language import gettext as _
from grader.language import ngettext, noop
from grader.render.text import cut
from grader.results import Example

_LONGEST_LITERAL = 20_000  # characters; a longer text is shown as it is
_MOST_TOKENS = 400  # SequenceMatcher is quadratic and worse
_KINDS = {
    "str": noop("text"),
    "list": noop("a list"),
    "dict": noop("a dict"),
    "NoneType": "None",
    "bytes": "bytes",
    "tuple": noop("a tuple"),
}
_TOKENS = re.compile(r"\w+|\s|[^\w\s]")


class Piece(StrEnum):
    """What a piece of a value is to the reader."""

    SAME = "same"
    CHANGED = "changed"
    LEFT_OUT = "left-out"


Pieces = list[tuple[Piece, str]]


@dataclass(frozen=True)
class Value:
    """A value as text. `verbatim` tells that the text is a string's own characters, without quotes or escapes."""

    kind: str
    text: str
    verbatim: bool
    plain: object = None


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its heading (what came back, or was expected), kind, and the value in pieces."""

    heading: str
    kind: str
    verbatim: bool
    pieces: Pieces


@dataclass(frozen=True)
class Comparison:
    """The sides that an example has, and a sentence that says where they part (empty where looking tells as much)."""

    sides: list[Side]
    sentence: str


def compare(example: Example, limit: int) -> Comparison:
    """Lay out an example's values, marking what differs where it has both.

    `limit` is the number of characters to show of each side.
    """
    given = {_("Came back"): example.returned, _("Expected"): example.expected}
    values = {heading: read_value(literal) for heading, literal in given.items() if literal is not None}
    pieces: list[Pieces] = [[(Piece.SAME, value.text)] for value in values.values()]
    sentence = ""
    if len(values) == 2:
        returned, expected = values.values()
        marked = mark_differences(returned.text, expected.text)
        if _alike(marked, returned.text, expected.text):
            pieces = marked
        if pieces is marked or not returned.verbatim or not expected.verbatim:
            sentence = first_difference(returned, expected)
    sides = [
        Side(heading, value.kind, value.verbatim, _fit(part, limit))
        for (heading, value), part in zip(values.items(), pieces, strict=True)
    ]
    return Comparison(sides, sentence)


def read_value(literal: str) -> Value:
    """Read a Python literal for display; what is none (cut short, or no plain value) stays as it was written."""
    as_written = Value(kind="", text=cut(literal, _LONGEST_LITERAL), verbatim=False)
    if len(literal) > _LONGEST_LITERAL:
        return as_written
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            plain = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return as_written
    if isinstance(plain, str):
        size = ngettext("text, {count:,} character", "text, {count:,} characters", len(plain))
        return Value(kind=size, text=plain, verbatim=True, plain=plain)
    name = type(plain).__name__
    kind = _(_KINDS.get(name, name))
    if isinstance(plain, list | dict | tuple):
        kind = _("{kind} of {size:,}", kind=kind, size=len(plain))
        return Value(kind=kind, text=pprint.pformat(plain, width=72, compact=True), verbatim=False, plain=plain)
    return Value(kind=kind, text=literal, verbatim=False, plain=plain)


def mark_differences(returned: str, expected: str) -> list[Pieces]:
    """Cut two texts into pieces, token by token; the middle of a long equal stretch is left out of both."""
    ours: Pieces = []
    theirs: Pieces = []
    for same, left, right in _stretches(_TOKENS.findall(returned), _TOKENS.findall(expected)):
        kind = Piece.SAME if same else Piece.CHANGED
        ours += _shorten(kind, "".join(left))
        theirs += _shorten(kind, "".join(right))
    return [ours, theirs]


def first_difference(returned: Value, expected: Value) -> str:
    """Say in one sentence where two plain values part; empty where there is nothing to add to showing them."""
    one, other = returned.plain, expected.plain
    if not returned.kind or not expected.kind or one == other:
        return ""
    if type(one) is not type(other):
        found = _kind(one)
        found, wanted = f"{found[0].upper()}{found[1:]}", _kind(other)
        return _("{found} came back where {wanted} was expected.", found=found, wanted=wanted)
    if isinstance(one, str) and isinstance(other, str):
        place = _common(one, other)
        found, wanted = _item(one, place), _item(other, place)
        return _(
            "They part at character {place:,}: {found} came back where {wanted} was expected.",
            place=place + 1,
            found=found,
            wanted=wanted,
        )
    if isinstance(one, list) and isinstance(other, list):
        place = _common(one, other)
        if place < min(len(one), len(other)):
            found, wanted = _brief(one[place]), _brief(other[place])
            return _(
                "They part at item {place:,}: {found} where {wanted} was expected.",
                place=place + 1,
                found=found,
                wanted=wanted,
            )
        return _("{found:,} items came back where {wanted:,} were expected.", found=len(one), wanted=len(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return _key_difference(one, other)
    return ""


def _key_difference(one: dict[object, object], other: dict[object, object]) -> str:
    missing = [key for key in other if key not in one]
    extra = [key for key in one if key not in other]
    if missing or extra:
        parts = [_("without {key}", key=_brief(key)) for key in missing[:3]]
        parts += [_("with {key} too", key=_brief(key)) for key in extra[:3]]
        return _("The keys differ: it came back {parts}.", parts=", ".join(parts))
    key = next(key for key in other if one[key] != other[key])
    found, wanted = _brief(one[key]), _brief(other[key])
    return _(
        "They part at key {key}: {found} where {wanted} was expected.", key=_brief(key), found=found, wanted=wanted
    )


def _stretches(one: list[str], other: list[str]) -> list[tuple[bool, list[str], list[str]]]:
    """Cut two lists of tokens into stretches that are the same and stretches that differ."""
    head = _common(one, other)
    shortest = min(len(one), len(other)) - head
    tail = min(_common(one[::-1], other[::-1]), shortest)
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    middle = [(False, left, right)]
    if max(len(left), len(right)) <= _MOST_TOKENS:
        codes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        middle = [(tag == "equal", left[a:b], right[c:d]) for tag, a, b, c, d in codes]
    return [(True, one[:head], other[:head]), *middle, (True, one[len(one) - tail :], other[len(other) - tail :])]


def _alike(marked: list[Pieces], returned: str, expected: str) -> bool:
    """Tell whether enough is the same for marks to help; two long and unlike texts would be speckled with them."""
    changed = sum(len(text) for side in marked for kind, text in side if kind is Piece.CHANGED)
    return changed <= max(40, 0.6 * (len(returned) + len(expected)))


def _shorten(kind: Piece, text: str, keep: int = 120) -> Pieces:
    if kind is Piece.CHANGED or len(text) <= 3 * keep:
        return [(kind, text)] if text else []
    middle = _("{count:,} characters alike", count=len(text) - 2 * keep)
    return [(kind, text[:keep]), (Piece.LEFT_OUT, f" {middle} "), (kind, text[-keep:])]


def _fit(pieces: Pieces, limit: int) -> Pieces:
    shown: Pieces = []
    for kind, text in pieces:
        if limit <= 0:
            return [*shown, (Piece.LEFT_OUT, " " + _("and more") + " ")]
        shown.append((kind, cut(text, limit)))
        limit -= len(text)
    return shown


def _common(one: list[str] | list[object] | str, other: list[str] | list[object] | str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _kind(value: object) -> str:
    name = type(value).__name__
    if name in _KINDS:
        return _(_KINDS[name])
    return _("an {name}", name=name) if name[0] in "aeio" else _("a {name}", name=name)


def _item(text: str, place: int) -> str:
    return ascii(text[place]) if place < len(text) else _("the end")


def _brief(value: object) -> str:
    return cut(repr(value), 60)
