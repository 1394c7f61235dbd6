"""What `grader batch` prints at its end: what we failed at first, then what was refused, what changed, and the rest."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from grader.render.index import Entry
from grader.render.terminal import say
from grader.render.text import cut, one_line

LONGEST = 400  # characters of one line
MOST_LINES = 50  # of one kind


def print_summary(
    entries: Sequence[Entry], changes: Sequence[str], page: Path, console: Console, roster: Sequence[str] = ()
) -> None:
    """Print a batch in lines that a person acts on; the index has all of it. `roster` says whom it does not fit."""
    faults = [f"{one.id}: {one.fault or f'{one.faults} checks were not decided.'}" for one in entries if _ours(one)]
    refused = [f"{one.id}: {one.refused}" for one in entries if one.refused]
    if faults:
        _say(console, f"OUR FAULT: {_count(len(faults))}. No points are lost; run the command again.", "bold red")
        _list(console, faults)
    if refused:
        _say(console, f"Refused: {_count(len(refused))}.", "bold yellow")
        _list(console, refused)
    if changes:
        _say(console, f"Changed since the last run: {_count(len(changes))}.", "bold")
        _list(console, changes)
    if roster:
        _say(console, "By the roster:", "bold")
        _list(console, roster)
    graded = [entry for entry in entries if not entry.refused and not entry.fault]
    if graded:
        mean = sum(entry.score for entry in graded) / len(graded)
        _say(console, f"Graded: {_count(len(graded))}, {mean:.1f} points on average.")
    _say(console, f"Index: {page}")


def exit_code(entries: Sequence[Entry]) -> int:
    """Return 3 where something of ours broke, else 0."""
    return 3 if any(_ours(entry) for entry in entries) else 0


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
