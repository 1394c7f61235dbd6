"""What came back beside what was expected, with the differing pieces marked."""

import ast
import pprint
import re
import warnings
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from grader.render.text import cut
from grader.results import Example

_LONGEST_LITERAL = 20_000  # characters; a longer text is shown as it is
_MOST_TOKENS = 400  # SequenceMatcher is quadratic and worse
_KINDS = {"str": "text", "list": "a list", "dict": "a dict", "NoneType": "None", "bytes": "bytes", "tuple": "a tuple"}
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
    """One side of a comparison: `Came back` or `Expected`, what kind of value it is, and the value in pieces."""

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
    given = {"Came back": example.returned, "Expected": example.expected}
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
        size = f"{len(plain):,} character{'' if len(plain) == 1 else 's'}"
        return Value(kind=f"text, {size}", text=plain, verbatim=True, plain=plain)
    name = type(plain).__name__
    size = f" of {len(plain):,}" if isinstance(plain, list | dict | tuple) else ""
    text = pprint.pformat(plain, width=72, compact=True) if size else literal
    return Value(kind=_KINDS.get(name, f"{name}") + size, text=text, verbatim=False, plain=plain)


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
        return f"{found[0].upper()}{found[1:]} came back where {_kind(other)} was expected."
    if isinstance(one, str) and isinstance(other, str):
        place = _common(one, other)
        found, wanted = _item(one, place, "the end"), _item(other, place, "the end")
        return f"They part at character {place + 1:,}: {found} came back where {wanted} was expected."
    if isinstance(one, list) and isinstance(other, list):
        place = _common(one, other)
        if place < min(len(one), len(other)):
            return f"They part at item {place + 1:,}: {_brief(one[place])} where {_brief(other[place])} was expected."
        return f"{len(one):,} items came back where {len(other):,} were expected."
    if isinstance(one, dict) and isinstance(other, dict):
        return _key_difference(one, other)
    return ""


def _key_difference(one: dict[object, object], other: dict[object, object]) -> str:
    missing = [key for key in other if key not in one]
    extra = [key for key in one if key not in other]
    if missing or extra:
        parts = [f"without {_brief(key)}" for key in missing[:3]] + [f"with {_brief(key)} too" for key in extra[:3]]
        return f"The keys differ: it came back {', '.join(parts)}."
    key = next(key for key in other if one[key] != other[key])
    return f"They part at key {_brief(key)}: {_brief(one[key])} where {_brief(other[key])} was expected."


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
    middle = f" {len(text) - 2 * keep:,} characters alike "
    return [(kind, text[:keep]), (Piece.LEFT_OUT, middle), (kind, text[-keep:])]


def _fit(pieces: Pieces, limit: int) -> Pieces:
    shown: Pieces = []
    for kind, text in pieces:
        if limit <= 0:
            return [*shown, (Piece.LEFT_OUT, " and more ")]
        shown.append((kind, cut(text, limit)))
        limit -= len(text)
    return shown


def _common(one: list[str] | list[object] | str, other: list[str] | list[object] | str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _kind(value: object) -> str:
    name = type(value).__name__
    return _KINDS.get(name, f"{'an' if name[0] in 'aeio' else 'a'} {name}")


def _item(text: str, place: int, otherwise: str) -> str:
    return ascii(text[place]) if place < len(text) else otherwise


def _brief(value: object) -> str:
    return cut(repr(value), 60)
