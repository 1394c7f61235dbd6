"""What exports share: cells that no spreadsheet takes for formulas, grades out of any maximum, feedback as text."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grader.render import wording
from grader.render.adjusted import adjustments
from grader.render.text import cut, log_line, one_line, visible
from grader.results import CheckResult, Outcome, Person, Result, tidy

LONGEST = 2000  # characters of one message
LARGEST_CELL = 20_000  # spreadsheets end at 32,767
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")


@dataclass(frozen=True)
class Export:
    """The file's text, and sentences about what is not in it."""

    text: str
    notes: list[str] = field(default_factory=list)


def cell(text: str) -> str:
    """Return text for one cell: a single line that is neither a formula nor a runner's command. A lone "-" is none.

    The apostrophe is what spreadsheets themselves write before a text that would else be a formula (OWASP, "CSV
    Injection").
    """
    plain = log_line(one_line(cut(text, LARGEST_CELL)))[:LARGEST_CELL]
    formula = text.startswith(FORMULA) or plain.lstrip().startswith(FORMULA)
    return f"'{plain}" if formula and plain != "-" else plain


def write_rows(rows: Iterable[Sequence[str | float | None]]) -> str:
    """Return rows as CSV (RFC 4180, every text quoted); texts go through `cell`, numbers have at most two decimals."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_value(value) for value in row])
    return stream.getvalue()


def grade_of(result: Result, most: float = 100.0) -> float | None:
    """Return a result's grade out of `most` points; None where nothing at all could be decided.

    It is the share of what could be earned, so points that our own machinery left undecided cost nothing.
    """
    return tidy(result.score / result.max_score * most) if result.max_score else None


def undecided(results: Iterable[Result]) -> list[str]:
    """Return sentences about results whose grade may still change: our faults, and lines that wait for a person."""
    notes = []
    for result in results:
        faults = len(result.harness_faults())
        waiting = sum(bool(line.name and line.max_points and not line.override) for line in result.rubric)
        if faults:
            notes.append(f"{result.submission.id}: {wording.count(faults, 'check')} not decided by our fault.")
        if waiting:
            notes.append(f"{result.submission.id}: {wording.count(waiting, 'line')} still to be graded by hand.")
    return notes


def people_of(result: Result) -> Sequence[Person]:
    """Return whose a result is: of one that came without a name, its id is the name."""
    people = result.delivery.people if result.delivery else []
    return people or [Person(name=result.submission.id)]


def write_json(document: dict[str, object]) -> str:
    """Return a document as JSON in which no text is a runner's command."""
    return json.dumps(document, indent=2).replace("##[", "##\\u005b") + "\n"


def feedback(result: Result) -> list[str]:
    """Return lines of feedback: the points of each task, what a person decided, lateness."""
    lines = [f"{task.title}: {wording.score(task.points, task.max_points)}" for task in result.tasks]
    lines += [f"{line.criterion}: {line.level}" for line in result.rubric if line.name and line.override]
    lines += adjustments(result)
    return [one_line(cut(line, LONGEST)) for line in lines]


def label(text: str) -> str:
    """Return an identifier of the lab's, however it came to be written, as one short line."""
    return one_line(cut(text, 200))


def describe(check: CheckResult) -> str:
    """Return what a check says, as lines of plain text."""
    example = check.example
    parts = {
        "": wording.OUR_FAULT if check.outcome is Outcome.HARNESS_ERROR else "",
        "Why: ": check.message,
        "Called: ": example.call if example else "",
        "Came back: ": (example.returned or "") if example else "",
        "Expected: ": (example.expected or "") if example else "",
        "Where: ": (example.traceback or "") if example else "",
        "Hint: ": check.hint,
        "Set by hand: ": (check.override.comment or "points") if check.override else "",
    }
    text = "\n".join(f"{label}{visible(cut(part, LONGEST))}" for label, part in parts.items() if part.strip())
    return "\n".join(log_line(line) for line in text.splitlines())


def _value(value: str | float | None) -> str | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return cell(value)
    return int(value) if float(value).is_integer() else value
