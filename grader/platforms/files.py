"""The file that a service takes: written from pairs, and checked whoever wrote it."""

import json
from collections.abc import Sequence

from grader.platforms.facts import Platform, Row
from grader.training.heldout import Pair
from grader.training.pairs import read_objects

MOST_NAMED = 3  # mistakes in one sentence
# Valid JSON either way: some readers end a line at the first three, and a CI runner obeys the last.
ESCAPED = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029", "##[": "##\\u005b"}


def write_rows(pairs: Sequence[Pair], platform: Platform, system: str = "") -> bytes:
    """Return pairs as the JSON Lines of a service, each with the same system text if there is one."""
    return b"".join(_line(_row(pair, platform, system)) for pair in pairs)


def find_mistakes(content: bytes, name: str, platform: Platform) -> list[str]:
    """Say what a service would refuse in a file: at most one sentence a row, then what is wrong with their number.

    Raises SubmissionError for a line that is no JSON object at all.
    """
    rows = read_objects(content, name)
    broken = [(number, _first_mistake(row, platform)) for number, row in rows]
    mistakes = [f"line {number} {mistake}" for number, mistake in broken if mistake]
    fewest, most = platform.fewest_rows, platform.most_rows
    if fewest and len(rows) < fewest.number:
        mistakes.append(f"there are {len(rows)} rows, and {platform.title} takes {fewest.number} or more")
    if most and len(rows) > most.number:
        mistakes.append(f"there are {len(rows)} rows, and {platform.title} takes {most.number} at most")
    return mistakes


def summarize(mistakes: Sequence[str]) -> str:
    """Put mistakes into one sentence's part: the first few, and how many more there are."""
    more = len(mistakes) - MOST_NAMED
    return "; ".join([*mistakes[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def texts_of(row: Row) -> list[str]:
    """Return all texts of a row that a service trains on: contents, prompts, system."""
    messages = row.get("messages")
    contents = (
        [each.get("content") for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []
    )
    return [
        value
        for value in (row.get("system"), row.get("prompt"), row.get("completion"), row.get("text"), *contents)
        if isinstance(value, str)
    ]


def _row(pair: Pair, platform: Platform, system: str) -> Row:
    messages = [{"role": "user", "content": pair.input}, {"role": "assistant", "content": pair.output}]
    if not system:
        return {"messages": messages}
    if platform.system_beside:
        return {"system": system, "messages": messages}
    return {"messages": [{"role": "system", "content": system}, *messages]}


def _line(row: Row) -> bytes:
    text = json.dumps(row, ensure_ascii=False)
    for found, escaped in ESCAPED.items():
        text = text.replace(found, escaped)
    return text.encode() + b"\n"


def _first_mistake(row: Row, platform: Platform) -> str | None:
    return next((mistake for rule in platform.rules if (mistake := rule.mistake(row))), None)
