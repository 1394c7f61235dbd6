"""The list of ticks inside a student's progress file, as text: between two marker lines, and nowhere else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from grader.errors import UsageError
from grader.language import gettext as _

BEGIN = (
    "<!-- progress:begin · pytest writes from here on; notes go above · pytest escribe desde aquí; notas, arriba -->"
)
END = "<!-- progress:end · below is yours again · debajo vuelve a ser tuyo -->"
_BEGIN, _END = (re.compile(rf"\ufeff?[ \t]*<!-- progress:{word}\b.*-->\s*") for word in ("begin", "end"))
_ROW = re.compile(r"- \[([ xX])\] (.*)")
_DATE = r"(\d{4}-\d{2}-\d{2})"
_REACHED = re.compile(rf"(.*) \({_DATE}(?:; broken since {_DATE} · falla desde {_DATE})?\)")


@dataclass(frozen=True)
class Tick:
    """A goal that was reached on the day `since`, or ticked by hand where there is no day.

    `broken` is the day since which runs have shown otherwise.
    """

    since: date | None
    broken: date | None = None


def advance(ticks: Mapping[str, Tick], reached: Mapping[str, bool], today: date) -> dict[str, Tick]:
    """Return the ticks after a run. A tick stays with its date: a goal that no longer holds is marked as broken.

    `reached` holds what the run has decided; goals that it says nothing of stay as they are, and so does a tick made
    by hand until its goal is reached.
    """
    after = dict(ticks)
    for title, holds in reached.items():
        known = after.get(title)
        if known is None or known.since is None:
            after |= {title: Tick(today)} if holds else {}
        elif holds or known.broken is None:
            after[title] = replace(known, broken=None if holds else today)
    return after


def read_ticks(text: str, titles: Sequence[str]) -> dict[str, Tick]:
    """Return the ticks of a file. Raises UsageError where its marker lines are not one pair."""
    rows = [row for line in _split(text)[1] if (row := _read_row(line, titles))]
    return {title: tick for title, tick in rows if tick}


def write_ticks(text: str, titles: Sequence[str], ticks: Mapping[str, Tick]) -> str:
    """Return the file's text with its list brought up to date, or with a list at its end where it has none.

    Everything outside the list stays as it is, and so does what somebody wrote into it: that moves below the ticks.
    Raises UsageError where the marker lines are not one pair.
    """
    before, inside, after = _split(text)
    rows = [_write_row(title, ticks.get(title)) for title in titles]
    if not after:
        end = "\r\n" if "\r\n" in text else "\n"
        gap = end * (2 - text.endswith("\n")) if text.strip("\ufeff") else ""
        return f"{text}{gap}{end.join([BEGIN, '', *rows, '', END])}{end}"
    end = "\r\n" if before[-1].endswith("\r\n") else "\n"
    own = "".join(line for line in inside if _read_row(line, titles) is None).strip("\r\n")
    kept = f"{own}{end}{end}" if own.strip() else ""
    return "".join([*before, end, *(f"{row}{end}" for row in rows), end, kept, *after])


def _split(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines to the first marker, those between, and those from the second on; without markers, all first."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    begins = [place for place, line in enumerate(lines) if _BEGIN.fullmatch(line)]
    ends = [place for place, line in enumerate(lines) if _END.fullmatch(line)]
    if not begins and not ends:
        return lines, [], []
    if len(begins) != 1 or len(ends) != 1 or begins > ends:
        raise UsageError(
            _(
                "it should hold one line “<!-- progress:begin -->” and below it one line “<!-- progress:end -->”; "
                "mend that, or delete all of these lines and a fresh list is added at the end."
            )
        )
    return lines[: begins[0] + 1], lines[begins[0] + 1 : ends[0]], lines[ends[0] :]


def _read_row(line: str, titles: Sequence[str]) -> tuple[str, Tick | None] | None:
    """Return the goal whose row a line is, and its tick; None for a line that nobody but the student wrote."""
    row = _ROW.fullmatch(line.rstrip())
    if row is None:
        return None
    mark, said = row.groups()
    if said in titles:
        return said, None if mark == " " else Tick(None)
    dated = _REACHED.fullmatch(said)
    if dated is None or dated[1] not in titles:
        return None
    try:
        tick = Tick(date.fromisoformat(dated[2]), date.fromisoformat(dated[3]) if dated[3] else None)
    except ValueError:  # somebody made it the 31st of February
        return None
    return dated[1], None if mark == " " else tick


def _write_row(title: str, tick: Tick | None) -> str:
    if tick is None:
        return f"- [ ] {title}"
    broken = f"; broken since {tick.broken} · falla desde {tick.broken}" if tick.broken else ""
    return f"- [x] {title}" + (f" ({tick.since}{broken})" if tick.since else "")
