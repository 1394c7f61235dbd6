"""The file over which a trusted pytest process tells the grader what it decided, one JSON line an event."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from grader.checks.reports import merge
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


def begin(path: Path, decided: Iterable[CheckResult]) -> None:
    """Write a new journal, in which some checks are decided already."""
    path.write_bytes(b"".join(msgspec.json.encode(Decided(result)) + b"\n" for result in decided))


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


def results(path: Path) -> dict[str, CheckResult]:
    """Return what the journal decides: one result for each check id."""
    return merge(event.result for event in read(path) if isinstance(event, Decided))
