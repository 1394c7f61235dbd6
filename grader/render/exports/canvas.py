"""Canvas: a CSV for Grades → Import, from the gradebook that Canvas exports.

The importer (instructure/canvas-lms, lib/gradebook_importer.rb) wants `Student` and `ID` first and `Section` directly
before the assignments; it makes a new assignment of a title that it does not know, and drops without a word a header
that holds one of its own columns' names. So the student's columns and the assignment's title come from the template.
"""

import re
from collections.abc import Sequence

from grader.errors import UsageError
from grader.render.exports.gradebook import Template, match_rows
from grader.render.exports.sheet import Export, grade_of, undecided, write_rows
from grader.results import Result

TITLE = re.compile(r"(?P<title>.*)\s\((?P<id>\d+)\)")
OWN_COLUMNS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
POINTS_POSSIBLE = "Points Possible"


def render_canvas(results: Sequence[Result], template: Template, assignment: str) -> Export:
    """Return the table of those that have a result. `assignment` is a title, or the number that Canvas puts behind
    it; an empty one will do where the template has a single assignment.

    Grades are out of the assignment's points possible, 100 where the template has no such row. Raises UsageError for a
    template that is no Canvas gradebook and for an assignment that is not in it, or that its importer would drop.
    """
    student = _student_columns(template.header)
    column = _find_assignment(template.header[len(student) :], assignment)
    row = next((row for row in template.rows if POINTS_POSSIBLE in row[student[0]]), None)
    most = _number(row[column]) if row else None
    matched = match_rows(template, results)
    lines: list[list[str | float | None]] = [[*student, column]]
    if row and most is not None:
        lines.append([f"    {POINTS_POSSIBLE}", *(row[name] for name in student[1:]), most])
    graded = [(row, grade_of(result, most or 100.0)) for row, result in matched.rows]
    lines += [[*(row[name] for name in student), grade] for row, grade in graded if grade is not None]
    return Export(write_rows(lines), [*matched.notes, *undecided(results)])


def _student_columns(header: Sequence[str]) -> list[str]:
    if "Section" not in header or not any(name in header[:1] for name in ("Student", "LastName")):
        raise UsageError("The template is no Canvas gradebook; export it under Grades → Export, and name that file.")
    return list(header[: header.index("Section") + 1])


def _find_assignment(columns: Sequence[str], wanted: str) -> str:
    titles = {column: match for column in columns if (match := TITLE.fullmatch(column))}
    found = [
        column
        for column, match in titles.items()
        if not wanted or wanted in {column, match["id"]} or match["title"].casefold() == wanted.casefold()
    ]
    if len(found) != 1:
        named = f" named {wanted!r}" if wanted else ""
        known = ", ".join(titles) or "none"
        raise UsageError(f"The template has {len(found)} assignments{named}; name one with --assignment: {known}.")
    if OWN_COLUMNS.search(found[0]):
        raise UsageError(f"Canvas drops the column {found[0]!r}, since it reads like one of its own; rename it there.")
    return found[0]


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None
