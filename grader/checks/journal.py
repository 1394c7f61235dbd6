"""The file over which a trusted pytest process tells the grader what it decided, one JSON line an event."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from grader.results import CheckResult


class Started(msgspec.Struct, tag="started", frozen=True):
    """A check has begun, and may take this many seconds."""

    id: str
    seconds: float


class Decided(msgspec.Struct, tag="decided", frozen=True):
    """A test of a check has ended."""

    result: CheckResult


class Finished(msgspec.Struct, tag="finished", frozen=True):
    """The session came to its end in good order."""


Event = Started | Decided | Finished


def append(path: Path, event: Event) -> None:
    """Add one event to the journal."""
    with path.open("ab") as stream:
        stream.write(msgspec.json.encode(event) + b"\n")


def read(path: Path) -> Iterator[Event]:
    """Yield the journal's events; a half-written last line is left out."""
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield msgspec.json.decode(line, type=Event)
