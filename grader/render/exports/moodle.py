"""Moodle: a CSV from its grading worksheet, or for the import of grades by e-mail, username or ID number.

The worksheet's importer (moodle/moodle, mod/assign/feedback/offline) needs `Identifier`, `Grade` and `Last modified
(grade)` and skips silently a grade above the worksheet's `Maximum grade`. The gradebook's (grade/import/csv) stops at
the first user that it does not know, so no row is written that is not in the template. Comments are kept as HTML.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from markupsafe import escape

from grader.errors import UsageError
from grader.render.exports.gradebook import Template, match_rows
from grader.render.exports.sheet import Export, feedback, grade_of, undecided, write_rows
from grader.results import Result

WORKSHEET = ("Identifier", "Grade", "Last modified (grade)")
BREAK, LARGEST_COMMENT = "<br>", 15_000
COMMENTS, MOST = "Feedback comments", "Maximum grade"
USERS = {"email": "email", "email address": "email", "username": "username", "id number": "idnumber"}
USERS |= {"idnumber": "idnumber"}


def render_moodle(results: Sequence[Result], template: Template) -> Export:
    """Return the worksheet filled in, or a table of user, grade and feedback; both of those that have a result.

    Raises UsageError for a template that is neither.
    """
    matched = match_rows(template, results)
    notes = [*matched.notes, *undecided(results)]
    graded = [(row, result) for row, result in matched.rows if result.max_score]
    if set(WORKSHEET) <= set(template.header):
        filled = [_fill(template.header, row, result) for row, result in graded]
        return Export(write_rows([list(template.header), *filled]), notes)
    column = next((name for name in template.header if name.casefold() in USERS), None)
    if column is None:
        raise UsageError(
            "The template is neither Moodle's grading worksheet (in English) nor a list with a column Email address, "
            "Username or ID number; download one of them and name it."
        )
    nameless = [result.submission.id for row, result in graded if not row[column]]
    head = [USERS[column.casefold()], "grade", "feedback"]
    rows = [[row[column], grade_of(result), _comment(result)] for row, result in graded if row[column]]
    return Export(write_rows([head, *rows]), [*notes, *(f"{id}: the template has no {column}." for id in nameless)])


def _fill(header: Sequence[str], row: Mapping[str, str], result: Result) -> list[str | float | None]:
    filled: dict[str, str | float | None] = {"Grade": grade_of(result, _most(row)), COMMENTS: _comment(result)}
    return [filled.get(name, row[name]) for name in header]


def _most(row: Mapping[str, str]) -> float:
    try:
        most = float(row.get(MOST, "").replace(",", "."))
    except ValueError:
        return 100.0
    return most if 0 < most < 1e6 else 100.0


def _comment(result: Result) -> str:
    """Return feedback as HTML, whole lines only."""
    lines = [str(escape(line)) for line in feedback(result)]
    lengths = accumulate(len(line) + len(BREAK) for line in lines)
    return BREAK.join(line for line, length in zip(lines, lengths, strict=True) if length < LARGEST_COMMENT)
