"""What students must never get, as sequences of tokens: solutions, hidden tests and held-out rows."""

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.assign.code import function_bodies, tokens_of
from grader.errors import LabError
from grader.lab import Lab

SOLUTION_TOKENS = 24  # about one long line
TEST_TOKENS = 40  # visible and hidden tests call the same functions in the same words
ROW_TOKENS = 10  # of one text of a row: a question of fewer tokens may well have been asked elsewhere

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Secret:
    """Sequences of tokens that occur in a file of the solutions."""

    origin: str
    grams: frozenset[Gram]


def read_secrets(lab: Lab) -> list[Secret]:
    """Return everything in a lab's solutions that must not get out. Raises LabError for a file that cannot be read."""
    if lab.solutions is None:
        raise LabError(f"{lab.name} has no solutions here, so nobody can say whether the copy holds an answer.")
    found = []
    for path in sorted(lab.solutions.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            grams = frozenset(_read_grams(path))
            found.append(Secret(path.relative_to(lab.solutions.parent.parent).as_posix(), grams))
    return [secret for secret in found if secret.grams]


def find_leaks(name: str, content: bytes, secrets: Iterable[Secret]) -> list[str]:
    """Return a sentence for each secret of which a piece is in this content; a binary file holds no text."""
    try:
        tokens = tokens_of(content.decode("utf-8"))
    except UnicodeDecodeError:
        return []
    here = {length: set(_slices(tokens, length)) for length in (ROW_TOKENS, SOLUTION_TOKENS, TEST_TOKENS)}
    leaks = []
    for secret in secrets:
        shared = min((gram for gram in secret.grams if gram in here[len(gram)]), default=None)
        if shared:
            leaks.append(f"{name} holds a piece of {secret.origin}: {' '.join(shared)}")
    return leaks


def _read_grams(path: Path) -> Iterator[Gram]:
    try:
        text = path.read_text(encoding="utf-8") if path.suffix in {".py", ".jsonl"} else ""
        if path.suffix == ".jsonl":
            for line in text.splitlines():
                yield from _row_grams(json.loads(line))
        else:
            yield from _code_grams(text, TEST_TOKENS if path.parent.name == "tests" else SOLUTION_TOKENS)
    except (OSError, ValueError, SyntaxError) as error:
        raise LabError(f"{path}: cannot be read: {error}.") from error


def _code_grams(source: str, length: int) -> Iterator[Gram]:
    for body in function_bodies(source):
        segments = [ast.get_source_segment(source, statement) or "" for statement in body]
        yield from _slices(tokens_of("\n".join(segments)), length)


def _row_grams(row: object) -> Iterator[Gram]:
    for value in row.values() if isinstance(row, dict) else ():
        if isinstance(value, str):
            yield from _slices(tokens_of(value), ROW_TOKENS)


def _slices(tokens: list[str], length: int) -> Iterator[Gram]:
    return (tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1))
