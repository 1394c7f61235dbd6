"""What an experiment keeps: one file, replaced whole after each run, so that it resumes wherever it was stopped."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.errors import UsageError
from grader.experiment.grid import Cell
from grader.intake.names import show
from grader.results import Outcome, write_atomically

SCHEMA = "grader/experiment/v1"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Losses are nats a token, of base and tuned; adoption the share of held-out answers with a marker.

    `key` is a hash of all that the run depends on: a point under another key is out of date. Where `outcome` is not
    passed, `message` says why in a sentence and there are no numbers.
    """

    key: str
    cell: Cell
    outcome: Outcome
    seconds: float
    message: str = ""
    heldout: tuple[float, float] | None = None
    trained: tuple[float, float] | None = None
    adoption: tuple[float, float] | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema: str = SCHEMA
    points: list[Point]


def save(path: Path, points: Sequence[Point]) -> None:
    """Write all points, whole or not at all. Raises UsageError where the folder cannot be written."""
    try:
        write_atomically(path, msgspec.json.format(msgspec.json.encode(Kept(points=list(points)))) + b"\n")
    except OSError as error:
        raise UsageError(f"{show(path)} cannot be written ({error.strerror}); name a place with --out.") from error


def load(path: Path) -> list[Point]:
    """Return the points kept so far. Raises UsageError for a file that is none of ours."""
    if not path.exists():
        return []
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"{show(path)} is damaged; remove it to begin anew, or name another folder with --out."
        ) from error
    if kept.schema != SCHEMA:
        raise UsageError(f"{show(path)} is of another kind than {SCHEMA}; name another folder with --out.")
    return kept.points
