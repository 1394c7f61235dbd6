"""A class's list, in whatever CSV it comes: matched by identifiers, then names; what is wrong in it is one sentence."""

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake.arrivals import find_arrivals
from grader.intake.roster import RollCall, call_roll, read_roster
from grader.results import Person
from tests.intake import downloads

CANVAS_GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 07 (4711),Current Score
    Points Possible,,,,,100,(read only)
"Lovelace, Ada",501,s-1,ada@example.edu,A,,
"Müller, Zoë",502,s-2,zoe@example.edu,A,,
"Hopper, Grace",503,s-3,grace@example.edu,B,,
"Turing, Alan",504,s-4,alan@example.edu,B,,
"Student, Test",900,,,A,,
"""


def roster(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def roll(tmp_path: Path, text: str | bytes, files: dict[str, bytes]) -> RollCall:
    arrivals = find_arrivals(downloads.put(tmp_path / "class", files), tmp_path / "space")
    return call_roll(read_roster(roster(tmp_path, text)), arrivals)


def names(people: list[Person]) -> list[str]:
    return [person.name for person in people]


def test_canvas_gradebook_names_a_canvas_download_and_lists_who_is_missing(tmp_path: Path) -> None:
    call = roll(tmp_path, CANVAS_GRADEBOOK, downloads.canvas())
    assert [arrival.student for arrival in call.arrivals] == ["Hopper, Grace", "Lovelace, Ada", "Müller, Zoë"]
    assert call.arrivals[1].people[0].identifiers == {
        "canvas": "501",
        "sid": "s-1",
        "login": "ada@example.edu",
        "email": "ada@example.edu",
    }
    assert names(call.missing) == ["Turing, Alan"]
    assert call.unlisted == []


def test_moodle_worksheet_names_participants_by_number(tmp_path: Path) -> None:
    text = (
        "Identifier,Full name,Email address,Status,Grade,Maximum grade\n"
        "Participant 7001,Ada Lovelace,a1@example.edu,,,100\n"
        "Participant 7002,Ada Lovelace,a2@example.edu,,,100\n"
    )
    call = roll(tmp_path, text, downloads.moodle())
    emails = {a.id: a.people[0].identifiers.get("email") for a in call.arrivals}
    assert (emails["ada-lovelace-7001"], emails["ada-lovelace-7002"]) == ("a1@example.edu", "a2@example.edu")
    assert [a.id for a in call.unlisted] == ["participant-7003", "zoe-muller-7004"]


def test_classroom50_roster_calls_a_github_login_username(tmp_path: Path) -> None:
    text = "username,first_name,last_name,email,section,github_id,role\nADA-L,Ada,Lovelace,a@example.edu,,1,student\n"
    call = roll(tmp_path, text, downloads.github_classroom())
    assert next(a.student for a in call.arrivals if a.id == "ada-l") == "Ada Lovelace"


def test_a_member_of_a_group_is_not_missing(tmp_path: Path) -> None:
    text = "name;sid\nAda;3034501\nGrace;3034502\nOther Ada;3034509\nLeo;1\n"
    call = roll(tmp_path, text, downloads.gradescope())
    assert names(call.missing) == ["Leo"]


def test_folders_named_by_login_or_by_name_find_their_students(tmp_path: Path) -> None:
    text = "\ufeffFull Name\tE-Mail\r\nAda Lovelace\talovelace@example.edu\r\nGrace Hopper\tgh@example.edu\r\n"
    call = roll(tmp_path, text, {"ALovelace/formatting.py": b"", "Hopper_Grace.zip": b""})
    assert sorted(a.student for a in call.arrivals) == ["Ada Lovelace", "Grace Hopper"]
    assert call.missing == []


def test_a_name_never_stands_against_an_identifier(tmp_path: Path) -> None:
    """Mallory calls herself Ada Lovelace on the platform; her number there is her own."""
    files = {"lovelaceada_666_9100_w.zip": b"mallory"}
    call = roll(tmp_path, CANVAS_GRADEBOOK, files)
    assert [a.id for a in call.unlisted] == ["lovelaceada-666"]
    assert "Lovelace, Ada" in names(call.missing)


def test_two_that_fit_one_student_by_name_settle_nothing(tmp_path: Path) -> None:
    """Without identifiers, an impostor's name is as good as the student's own."""
    files = {"Ada Lovelace_1_assignsubmission_file/x.py": b"", "Ada Lovelace_2_assignsubmission_file/x.py": b""}
    call = roll(tmp_path, "name\nAda Lovelace\nGrace Hopper\n", files)
    assert names(call.unclear) == ["Ada Lovelace"]
    assert names(call.missing) == ["Grace Hopper"]
    assert len(call.unlisted) == 2


def test_a_large_class_is_matched_at_once() -> None:
    from grader.intake.pairing import pair

    listed = [Person(name=f"S {n}", identifiers={"sid": str(n), "email": f"{n}@example.edu"}) for n in range(5000)]
    found = pair(listed, [[Person(name="x", identifiers={"sid": str(n)})] for n in reversed(range(5000))]).found
    assert found == {n: (4999 - n, 0) for n in range(5000)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"Ada,ada@example.edu\nGrace,g@example.edu\n", "must name the columns"),
        (b"name,email\n", "lists nobody"),
        (b"name,email,Email\nAda,a,b\n", "'Email' is there twice|'email' is there twice"),
        (b"name,sid\nAda,1\nGrace,1\n", "rows 2 and 3 have the same sid"),
        (b"name\nAda\nada\n", "rows 2 and 3 have the same name"),
        (b"name,email\nLovelace, Ada,a@example.edu\n", "row 2 has 3 cells, the header 2"),
        (b'name,email\n"Ada,a@example.edu\n', "not a CSV file"),
        (b"name\nZo\xeb\n", "is not UTF-8"),
        (b"name\nA\x00da\n", "NUL"),
        (b"PK\x03\x04\xff\xff", "is not UTF-8"),
    ],
)
def test_a_bad_roster_is_one_clear_sentence(tmp_path: Path, text: bytes, told: str) -> None:
    path = roster(tmp_path, text)
    with pytest.raises(UsageError, match=told) as caught:
        read_roster(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_encoding_mark_and_delimiter_will_do(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f'Name{delimiter}E-Mail\r\n"Müller, Zoë"{delimiter}z@example.edu\r\n\r\n'
    assert read_roster(roster(tmp_path, text.encode(encoding))).students == (
        Person(name="Müller, Zoë", identifiers={"email": "z@example.edu"}),
    )


def test_a_missing_roster_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")
