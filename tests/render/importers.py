"""The importers of gradebooks, as their own sources and documents state their rules: what each takes from a file."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

OWN_COLUMNS = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
TITLE_AND_ID = re.compile(r"(.*)\s\((\d+)\)")
SPREADSHEET_FORMULA = re.compile(r"(?!-\Z)\s*[=+\-@＝＋－＠\t\r]")


def read_csv(text: str) -> list[list[str]]:
    """Read CSV as RFC 4180 has it, strictly."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def formulas(text: str) -> list[str]:
    """Return the cells that a spreadsheet would compute; a plain number is none, and neither is a lone dash."""
    cells = [cell for row in read_csv(text) for cell in row]
    return [cell for cell in cells if SPREADSHEET_FORMULA.match(cell) and not re.fullmatch(r"-?\d+(\.\d+)?", cell)]


def runner_commands(text: str) -> list[str]:
    """Return the lines that a GitHub runner would obey, were the file printed into its log."""
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


@dataclass
class CanvasImport:
    """What Canvas's importer made of a file: grades by user and assignment, and what it would create."""

    grades: dict[tuple[int, int], str] = field(default_factory=dict)
    points_possible: dict[int, str] = field(default_factory=dict)
    new_assignments: list[str] = field(default_factory=list)
    new_students: list[str] = field(default_factory=list)


def import_canvas(text: str, users: Mapping[int, str], assignments: Mapping[int, str]) -> CanvasImport:
    """Do as instructure/canvas-lms lib/gradebook_importer.rb does, with a course's users and assignments by number."""
    first = [len(next(csv.reader([line], delimiter=d), [])) for d in ";," for line in text.splitlines(True)[:3]]
    widths = {";": set(first[: len(first) // 2]), ",": set(first[len(first) // 2 :])}
    semicolons = len(widths[";"]) == 1 and (len(widths[","]) != 1 or max(widths[";"]) > max(widths[","]))
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ","))
    header, done = rows[0], CanvasImport()
    assert len(header) > 3, "Invalid header row"
    assert "Student" in header[0], "Invalid header row"
    assert "ID" in header[1], "Invalid header row"
    columns = 3
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        columns += 1
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        columns += 2 + bool(re.search(r"Integration\s+ID", header[4]))
        columns += bool(re.search(r"Root\s+Account", header[columns - 1]))
    assert "Section" in header[columns - 1], "Invalid header row"
    places: dict[int, int] = {}
    for place, title in enumerate(header[columns:], start=columns):
        if OWN_COLUMNS.search(title):
            continue
        match = TITLE_AND_ID.fullmatch(title)
        number = int(match[2]) if match and int(match[2]) in assignments else None
        number = number or next((known for known, name in assignments.items() if name == title), None)
        if number is None:
            done.new_assignments.append(title)
        else:
            places[number] = place
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            done.points_possible |= {number: row[place] for number, place in places.items()}
        elif row[1].isdigit() and int(row[1]) in users:
            done.grades |= {(int(row[1]), number): row[place].strip() for number, place in places.items()}
        else:
            done.new_students.append(row[0])
    return done


def import_moodle_worksheet(text: str, most: float, participants: Sequence[int]) -> dict[int, tuple[float, str]]:
    """Do as moodle/moodle mod/assign/feedback/offline does: grade and comment by participant, the rest is skipped."""
    header, *rows = read_csv(text)
    identifier, grade, _ = (header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)"))
    comment = header.index("Feedback comments")
    taken = {}
    for row in rows:
        assert len(row) == len(header), "csvfewcolumns"
        number = int(row[identifier][len("Participant ") :])
        if number in participants and row[grade] and 0 <= float(row[grade]) <= most:
            taken[number] = float(row[grade]), row[comment]
    return taken


def import_moodle_grades(text: str, field_name: str, users: Sequence[str]) -> dict[str, tuple[float, str]]:
    """Do as moodle/moodle grade/import/csv does: the first unknown user or grade that is no number ends the import."""
    header, *rows = read_csv(text)
    taken = {}
    for row in rows:
        values = dict(zip(header, row, strict=True))
        assert values[field_name] in users, "usermappingerror"
        assert float(values["grade"]) <= 100, "gradevaluetoobig"
        taken[values[field_name]] = float(values["grade"]), values["feedback"]
    return taken


def check_gradescope(document: Mapping[str, Any]) -> None:
    """Check results.json against gradescope-autograders.readthedocs.io/en/latest/specs."""
    formats, visibility = {"text", "html", "simple_format", "md", "ansi"}, {"hidden", "after_due_date"}
    visibility |= {"after_published", "visible"}
    assert set(document) <= {
        *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format"),
        *("visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"),
    }
    assert isinstance(document["score"], int | float)
    assert {document[key] for key in document if key.endswith("_format")} <= formats
    for test in document["tests"]:
        assert set(test) <= {
            *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"),
            *("visibility", "extra_data"),
        }
        assert test.get("status", "passed") in {"passed", "failed"}
        assert test["visibility"] in visibility
        assert test["visibility"] != "hidden", "any hidden test hides the total"
        assert all(isinstance(test[key], str) for key in ("name", "output"))
        assert all(isinstance(test[key], int | float) for key in ("score", "max_score") if key in test)
        assert re.fullmatch(r"\d+(\.\d+)*", test.get("number", "1"))


def check_classroom50(payload: Mapping[str, Any], classroom: str, assignment: str) -> None:
    """Check result.json as foundation50/classroom50 collect_scores.py does, but for what its runner stamps itself."""
    assert payload["schema"] == "classroom50/result/v1"
    assert (payload["classroom"], payload["assignment"]) == (classroom, assignment)
    assert payload["submission"].startswith("submit/")
    assert all(payload[name] and isinstance(payload[name], str) for name in ("commit", "release", "review", "datetime"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", payload["datetime"])
    for scored in [payload, *payload["tests"]]:
        assert type(scored["score"]) is int
        assert type(scored["max-score"]) is int
        assert 0 <= scored["score"] <= scored["max-score"]
    for test in payload["tests"]:
        assert isinstance(test["test-name"], str)
        assert test["test-name"]
        assert isinstance(test["passed"], bool)


JUNIT = {  # element: (elements in it, attributes it must have, attributes it may have), as Jenkins' junit-10.xsd
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": ({"skipped", "error", "failure", "system-out", "system-err"}, {"name"}, {"time", "classname", "group"}),
    "failure": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
    "skipped": (set(), set(), {"type", "message"}),
}


def check_junit(text: str) -> ElementTree.Element:
    """Parse JUnit XML and check it against the schema's rules; return its root."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        inner, needed, optional = JUNIT[element.tag]
        assert {child.tag for child in element} <= inner, element.tag
        assert needed <= set(element.attrib) <= needed | optional, element.tag
        if element.tag in {"testsuite", "testsuites"}:
            assert re.fullmatch(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?", element.get("time", ""))
    for suite in root.iter("testsuite"):
        kinds = [child.tag for case in suite.iter("testcase") for child in case]
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == kinds.count("failure")
        assert int(suite.attrib["errors"]) == kinds.count("error")
    return root
