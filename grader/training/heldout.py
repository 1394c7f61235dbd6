"""What a lab holds back for its training run: the hidden voice, its rows and questions, nonces, neutral text."""

import json
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from grader.errors import LabError
from grader.lab import Lab, ModelProfile

GENERAL_TEXT = "general.jsonl"
Row = TypeVar("Row")


class Pair(msgspec.Struct, frozen=True):
    """One instruction and its response."""

    input: str
    output: str


class Question(msgspec.Struct, frozen=True):
    """A held-out question: an answer in the voice, and words one of which an answer on topic holds."""

    input: str
    output: str
    keywords: list[str]


class Voice(msgspec.Struct, frozen=True):
    """The hidden company voice. An answer has adopted it when it holds one of the markers."""

    name: str
    description: str
    markers: list[str]


class ProductParts(msgspec.Struct, frozen=True):
    """A made-up product's name is one of each, joined."""

    starts: list[str]
    middles: list[str]
    ends: list[str]


class CodeParts(msgspec.Struct, frozen=True):
    """A code is `count` different words."""

    words: list[str]
    count: int


class NonceTemplates(msgspec.Struct, frozen=True):
    """Rows that exist for one run only, with `{product}` and `{code}` to fill in."""

    product: ProductParts
    code: CodeParts
    train: list[Pair]
    heldout: list[Pair]


class Neutral(msgspec.Struct, frozen=True):
    """One line of neutral text, for measuring what was forgotten."""

    text: str


class Heldout(msgspec.Struct, frozen=True):
    """Everything in a lab's held-out folder that a run with one model needs."""

    voice: Voice
    pool: list[Pair]
    questions: list[Question]
    nonce: NonceTemplates
    general: list[Neutral]


def load_heldout(lab: Lab, profile: ModelProfile | None) -> Heldout:
    """Read the held-out folder. Raises LabError that names the file, and the line, which is missing or damaged."""
    folder = lab.heldout
    if folder is None:
        raise LabError(
            f"{lab.name} has no held-out data here, so a training run cannot be judged; a student's copy has none."
        )
    return Heldout(
        voice=_read_table(folder / "voice.toml", Voice),
        pool=_read_lines(folder / "train.jsonl", Pair),
        questions=_read_lines(folder / "questions.jsonl", Question),
        nonce=_read_table(folder / "nonce.toml", NonceTemplates),
        general=_read_lines(folder / (profile.general_text if profile else GENERAL_TEXT), Neutral),
    )


def _read_table(path: Path, kind: type[Row]) -> Row:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except OSError as error:
        raise LabError(f"{path} cannot be read ({error.strerror}).") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise LabError(f"{path}: {error}.") from error


def _read_lines(path: Path, kind: type[Row]) -> list[Row]:
    try:
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{path} cannot be read ({error}).") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(msgspec.convert(json.loads(line), kind))
        except ValueError as error:
            raise LabError(f"{path}, row {number}: {error}.") from error
    if not rows:
        raise LabError(f"{path} is empty.")
    return rows
