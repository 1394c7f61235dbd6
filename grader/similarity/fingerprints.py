"""Winnowing: of all runs of tokens, the few whose hashes stand for a source.

Schleimer, Wilkerson and Aiken: Winnowing: Local Algorithms for Document Fingerprinting. SIGMOD 2003, section 3.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from grader.similarity.tokens import Token, read_tokens

NOISE = 12  # tokens; a shared run shorter than this is never seen (the paper's k)
WINDOW = 9  # hashes; a shared run of NOISE + WINDOW - 1 = 20 tokens is always seen (the paper's w and t)
MOST_TOKENS = 30_000  # of one submission, which mostly has 3,000: a mountain costs no more than this


class Print(msgspec.Struct, frozen=True, array_like=True):
    """A fingerprint and its place: numbers into `files` and `functions`, and lines from 1, both included."""

    hash: int
    file: int
    function: int
    first: int
    last: int


class Prints(msgspec.Struct, frozen=True, kw_only=True):
    """The fingerprints of one submission, and its sources to show passages of. `key` tells what they were made from."""

    key: str
    files: list[str]
    functions: list[str]
    prints: list[Print]
    sources: list[str]


class _Run(NamedTuple):
    """A run of NOISE tokens."""

    hash: int
    tokens: Sequence[Token]


def fingerprint(sources: Mapping[str, str], released: frozenset[int], key: str = "") -> Prints:
    """Return the fingerprints of some files (name → source) without those that are `released` code (see `all_runs`)."""
    functions: dict[str, int] = {}
    prints: list[Print] = []
    left = MOST_TOKENS
    for number, source in enumerate(sources.values()):
        tokens = read_tokens(source, left)
        left -= len(tokens)
        for run in _winnow(_runs(tokens)):
            if run.hash not in released:
                first, last = run.tokens[0], run.tokens[-1]
                function = functions.setdefault(first.function, len(functions))
                prints.append(Print(run.hash, number, function, first.line, last.line))
    return Prints(key=key, files=[*sources], functions=[*functions], prints=prints, sources=[*sources.values()])


def all_runs(sources: Iterable[str]) -> frozenset[int]:
    """Return the hash of every run of tokens, chosen or not: whatever a copy of it is surrounded by, it is in here."""
    return frozenset(run.hash for source in sources for run in _runs(read_tokens(source)))


def _runs(tokens: Sequence[Token]) -> list[_Run]:
    runs = (tokens[start : start + NOISE] for start in range(len(tokens) - NOISE + 1))
    return [_Run(_hash(run), run) for run in runs]


def _hash(run: Sequence[Token]) -> int:
    """Return 63 bits that are the same in every process."""
    text = "\n".join(token.kind for token in run)
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big") >> 1


def _winnow(runs: Sequence[_Run]) -> list[_Run]:
    """Return the smallest of every window, the rightmost of equal ones, each once. A short source has one window."""
    chosen: dict[int, _Run] = {}
    for start in range(max(len(runs) - WINDOW, 0) + 1 if runs else 0):
        window = range(start, min(start + WINDOW, len(runs)))
        smallest = min(window, key=lambda place: (runs[place].hash, -place))
        chosen[smallest] = runs[smallest]
    return [*chosen.values()]
