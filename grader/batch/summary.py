"""What `grader batch` prints at its end: what we failed at first, then what was refused, what changed, and the rest."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from grader.render.index import Entry
from grader.render.terminal import say
from grader.render.text import cut, one_line
from grader.rubric import Decision

LONGEST = 400  # characters of one line
MOST_LINES = 50  # of one kind


def print_summary(
    entries: Sequence[Entry],
    changes: Sequence[str],
    page: Path,
    console: Console,
    roster: Sequence[str] = (),
    idle: Sequence[Decision] = (),
) -> None:
    """Print a batch in lines that a person acts on; the index has all of it.

    `roster` says whom it does not fit; `idle` are the decisions over submissions that have no result.
    """
    faults = [f"{one.id}: {one.fault or f'{one.faults} checks were not decided.'}" for one in entries if _ours(one)]
    refused = [f"{one.id}: {one.refused}" for one in entries if one.refused]
    if faults:
        _say(console, f"OUR FAULT: {_count(len(faults))}. No points are lost; run the command again.", "bold red")
        _list(console, faults)
    if _all_refused(entries):
        _say(console, "NOTHING WAS GRADED: every submission was refused. Is --lab the right one?", "bold red")
    if refused:
        _say(console, f"Refused: {_count(len(refused))}.", "bold yellow")
        _list(console, refused)
    if changes:
        _say(console, f"Changed since the last run: {_count(len(changes))}.", "bold")
        _list(console, changes)
    if idle:
        _say(console, "Decisions by hand without effect:", "bold yellow")
        _list(
            console,
            [f"{one.submission} has no result, so the decision over {one.target} changes nothing." for one in idle],
        )
    if roster:
        _say(console, "By the roster:", "bold")
        _list(console, roster)
    graded = [entry for entry in entries if not entry.refused and not entry.fault]
    if graded:
        mean = sum(entry.score for entry in graded) / len(graded)
        _say(console, f"Graded: {_count(len(graded))}, {mean:.1f} points on average.")
    _say(console, f"Index: {page}")


def exit_code(entries: Sequence[Entry]) -> int:
    """Return 3 where something of ours broke, 2 where every submission was refused, else 0."""
    if any(_ours(entry) for entry in entries):
        return 3
    return 2 if _all_refused(entries) else 0


def _all_refused(entries: Sequence[Entry]) -> bool:
    return bool(entries) and all(entry.refused for entry in entries)


def _ours(entry: Entry) -> bool:
    return bool(entry.fault or entry.faults)


def _count(number: int) -> str:
    return f"{number} submission{'' if number == 1 else 's'}"


def _list(console: Console, lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        _say(console, f"  {line}")
    if len(lines) > MOST_LINES:
        _say(console, f"  … and {len(lines) - MOST_LINES} more")


def _say(console: Console, line: str, style: str = "") -> None:
    say(one_line(cut(line, LONGEST)), console, style)
