"""Every download names its students, and nobody's name, file or folder takes another's place."""

import os
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from grader.errors import GraderError, UsageError
from grader.intake import open_submission
from grader.intake.arrivals import Arrival, choose_attempts, choose_best, find_arrivals
from tests.intake import downloads

EXPECTED = ("formatting.py", "lora_config.py", "data/train.jsonl")


def arrive(tmp_path: Path, files: dict[str, bytes]) -> dict[str, Arrival]:
    folder = downloads.put(tmp_path / "class", files)
    return {arrival.id: arrival for arrival in find_arrivals(folder, tmp_path / "space")}


def content(arrival: Arrival, tmp_path: Path, name: str = "formatting.py") -> bytes | None:
    submission = open_submission(arrival.path, tmp_path / f"open-{arrival.id}", EXPECTED)
    return submission.read(name, 1000)


def bulk(tmp_path: Path, files: dict[str, bytes], around: str = "") -> Path:
    path = tmp_path / "submissions.zip"
    path.write_bytes(downloads.pack({around + name: data for name, data in files.items()}))
    return path


def test_canvas_gathers_a_students_loose_files_and_the_newest_of_a_name_counts(tmp_path: Path) -> None:
    found = arrive(tmp_path, downloads.canvas())
    assert list(found) == ["hoppergrace-503", "lovelaceada-501", "mullerzoe-502"]
    grace, ada, zoe = found.values()
    assert content(grace, tmp_path) == b"# grace, again\n"
    assert content(grace, tmp_path / "again", "lora_config.py") == b"# lora\n"
    assert content(ada, tmp_path) == b"# ada\n"
    assert (zoe.student, zoe.people[0].identifiers) == ("müllerzoë", {"canvas": "502"})
    assert zoe.marked_late
    assert not ada.marked_late
    assert {arrival.submitted_at for arrival in found.values()} == {None}


def test_a_single_module_is_a_submission_under_its_own_name(tmp_path: Path) -> None:
    """Canvas renames a file that is handed in again, and a module by another name cannot be imported."""
    found = arrive(
        tmp_path,
        {"ada_1_20_formatting-2.py": b"# canvas\n", "Zoë_9_assignsubmission_file_formatting.py": b"# moodle\n"},
    )
    assert [content(arrival, tmp_path) for arrival in found.values()] == [b"# canvas\n", b"# moodle\n"]


def test_canvas_archives_of_two_downloads_are_attempts_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files = {"ada_1_20_w.zip": b"old", "ada_1_100_w-1.zip": b"new", "ada_1_3_w.zip": b"oldest"}
    found = arrive(tmp_path, files)
    [latest] = choose_attempts(list(found.values()))
    assert (latest.id, latest.attempt, latest.path.read_bytes()) == ("ada-1", 3, b"new")
    assert set(found) == {"ada-1", "ada-1-attempt-1", "ada-1-attempt-2"}


def test_anonymous_canvas_submissions_are_told_apart_by_their_code(tmp_path: Path) -> None:
    found = arrive(tmp_path, {"anon_aB3x9_11_w.zip": b"1", "LATE_anon_Ab3x9_12_w.zip": b"2"})
    assert len({arrival.owner for arrival in found.values()}) == 2
    assert [arrival.marked_late for arrival in found.values()].count(True) == 1


def test_a_name_with_a_number_in_it_does_not_take_over_the_student_of_that_number(tmp_path: Path) -> None:
    """A student who may call themselves `mallory_501` would have Canvas write 501 where the reader looks for a user."""
    found = arrive(tmp_path, {"lovelaceada_501_9001_w.zip": b"ada", "mallory_501_666_9999_w.zip": b"mallory"})
    assert len(choose_attempts(list(found.values()))) == 2
    assert found["lovelaceada-501"].path.read_bytes() == b"ada"


def test_moodle_names_participants_and_prefers_files_to_text(tmp_path: Path) -> None:
    found = arrive(tmp_path, downloads.moodle())
    assert list(found) == ["ada-lovelace-7001", "ada-lovelace-7002", "participant-7003", "zoe-muller-7004"]
    assert content(found["ada-lovelace-7001"], tmp_path) == b"# ada\n"
    assert content(found["ada-lovelace-7002"], tmp_path) == b"# the other ada\n"
    assert found["participant-7003"].people[0].identifiers == {"moodle": "7003"}
    with pytest.raises(GraderError, match="is here or in a folder below"):
        content(found["zoe-muller-7004"], tmp_path)


def test_moodle_without_folders_and_a_group_without_a_number_are_read_too(tmp_path: Path) -> None:
    found = arrive(
        tmp_path,
        {
            "Ada Lovelace_71_assignsubmission_file_formatting.py": b"# ada\n",
            "Ada Lovelace_71_assignsubmission_file_lora_config.py": b"",
            "Default group_assignsubmission_file/formatting.py": b"# team\n",
        },
    )
    assert list(found) == ["ada-lovelace-71", "default-group"]
    assert content(found["ada-lovelace-71"], tmp_path) == b"# ada\n"


def test_gradescope_metadata_names_students_groups_times_and_attempts(tmp_path: Path) -> None:
    found = arrive(tmp_path, downloads.gradescope())
    ada, group, nobody = (found[id] for id in ("ada-lovelace", "grace-hopper-ada-lovelace", "submission_4003"))
    assert ada.attempt == 2
    assert ada.submitted_at == datetime(2026, 11, 20, 22, 58, 0, 861687, UTC)
    assert ada.people[0].identifiers == {"sid": "3034501", "email": "ada@example.edu"}
    assert group.student == "Grace Hopper and Ada Lovelace"
    assert group.submitted_at == datetime(2026, 11, 22, 0, 10, tzinfo=timezone(timedelta(hours=1)))
    assert nobody.submitted_at is None  # the metadata says no zone, and a guess could cost points
    assert content(group, tmp_path) == b"# both\n"


@pytest.mark.parametrize(
    "metadata",
    [
        *(b"\xff\xfe", b"- a\n- b\n", b"a: [", b"a: &a [*a]\n", b"!!python/object/apply:os.system ['id']", b""),
        *(b"[" * 200_000, b"{a: " * 100_000, b"- " * 100_000, b"a: *nobody\n", b"? [a]\n: b\n", b"\x00"),
    ],
)
def test_damaged_gradescope_metadata_is_one_sentence_and_runs_nothing(tmp_path: Path, metadata: bytes) -> None:
    """YAML that asks for objects to be made, nests without end or holds itself."""
    files = {"submission_metadata.yml": metadata, "submission_1/formatting.py": b""}
    with pytest.raises(UsageError, match=r"export") as caught:
        arrive(tmp_path, files)
    assert "\n" not in str(caught.value)


def test_github_classroom_takes_logins_from_the_table_or_the_folders_name(tmp_path: Path) -> None:
    found = arrive(tmp_path, downloads.github_classroom())
    assert list(found) == ["ada-l", "group-4", "zoe"]
    assert found["ada-l"].people[0].identifiers == {"github": "ada-l", "roster": "ada@example.edu"}
    assert found["ada-l"].submitted_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found["zoe"].submitted_at is None
    assert {arrival.source for arrival in found.values()} == {"github_classroom"}


def test_classroom50_takes_times_from_its_table_and_not_from_a_students_repository(tmp_path: Path) -> None:
    """The repository holds a result.json of 1999 that its student may have written."""
    [ada] = arrive(tmp_path, downloads.classroom50()).values()
    assert (ada.id, ada.student, ada.attempt) == ("ada-l", "Ada Lovelace", 2)
    assert ada.submitted_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert ada.marked_late


def test_folders_and_archives_named_by_hand_are_students(tmp_path: Path) -> None:
    found = arrive(tmp_path, downloads.by_hand())
    assert list(found) == ["ada", "grace", "grace-attempt-1"]
    assert content(found["grace"], tmp_path) == b"# grace, again\n"


def test_all_platforms_mixed_in_one_folder_lose_nobody(tmp_path: Path) -> None:
    every = (downloads.canvas, downloads.moodle, downloads.gradescope, downloads.github_classroom)
    files = {name: data for make in (*every, downloads.classroom50, downloads.by_hand) for name, data in make().items()}
    found = arrive(tmp_path, files)
    assert len(found) == 3 + 4 + 3 + 3 + 1 + 3
    assert len({id.casefold() for id in found}) == len(found)


@pytest.mark.parametrize("make", [downloads.canvas, downloads.moodle, downloads.gradescope, downloads.by_hand])
def test_a_bulk_zip_holds_what_its_folder_holds(tmp_path: Path, make: object) -> None:
    assert callable(make)
    unpacked = arrive(tmp_path, make())
    packed = {a.id: a for a in find_arrivals(bulk(tmp_path, make()), tmp_path / "bulk")}
    assert list(packed) == list(unpacked)
    for id, arrival in packed.items():
        ours, theirs = tmp_path / "a" / id, tmp_path / "b" / id
        if id != "zoe-muller-7004":
            one = open_submission(arrival.path, ours, EXPECTED).info.sha256
            assert one == open_submission(unpacked[id].path, theirs, EXPECTED).info.sha256


def test_a_bulk_zip_of_a_folder_is_the_class_inside(tmp_path: Path) -> None:
    path = bulk(tmp_path, downloads.by_hand(), around="my class/")
    assert [a.id for a in find_arrivals(path, tmp_path / "space")] == ["ada", "grace", "grace-attempt-1"]


def test_a_hostile_member_of_a_bulk_zip_spoils_one_submission_only(tmp_path: Path) -> None:
    """One student's names climb out, another's file is a link, a third's unpacks to far more than it is."""
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(["../../../escaped", "formatting.py", "formatting.py", "formatting.py"]):
            info = zipfile.ZipInfo(f"Student_{number}_assignsubmission_file/{name}")
            info.compress_type = zipfile.ZIP_DEFLATED
            if number == 1:
                info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, bytes(30 << 20) if number == 2 else b"/etc/passwd")
    found = {a.people[0].identifiers["moodle"]: a for a in find_arrivals(path, tmp_path / "space")}
    for participant, trouble in {"0": "climbs out", "1": "is a link", "2": "over 16"}.items():
        with pytest.raises(GraderError, match=trouble):
            content(found[participant], tmp_path)
    assert content(found["3"], tmp_path) == b"/etc/passwd"
    assert {p.name for p in tmp_path.iterdir()} <= {
        "submissions.zip",
        "space",
        *(f"open-{a.id}" for a in found.values()),
    }


def test_a_students_own_zip_cannot_bring_other_students(tmp_path: Path) -> None:
    """An archive in a class's folder that is laid out like a platform's download, with somebody else's name in it."""
    forged = {"lovelaceada_501_9999_formatting.py": b"# mallory", "Bob_1_assignsubmission_file/formatting.py": b""}
    found = arrive(tmp_path, {"mallory.zip": downloads.pack(forged), "lovelaceada_501_9001_formatting.py": b"# ada"})
    assert list(found) == ["lovelaceada-501", "mallory"]
    assert content(found["lovelaceada-501"], tmp_path) == b"# ada"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ada"),
        ("e\u0301va", "\u00e9va"),
        ("ada", "ada."),
        ("ada/", "ada.zip"),
        ("a b", "a-b"),
        ("王小明", "李小龙"),
        ("CON", "con.zip"),
        ("x" * 90 + "1", "x" * 90 + "2"),
        ("ada-0123456789abcdef", "ada"),
    ],
)
def test_names_that_are_alike_get_folders_of_their_own(tmp_path: Path, one: str, other: str) -> None:
    """Two people whose names are one name on a disk without case, Unicode forms or trailing dots."""
    files = {f"{name.rstrip('/')}": b"x" for name in (one, other) if not name.endswith("/")}
    folder = downloads.put(tmp_path / "class", files)
    for name in (one, other):
        (folder / name.rstrip("/")).mkdir() if name.endswith("/") else None
    found = find_arrivals(folder, tmp_path / "space")
    ids = {unicodedata.normalize("NFKC", arrival.id).casefold().rstrip(". ") for arrival in found}
    assert len(ids) == len(found) == 2
    assert len(choose_attempts(found)) == 2


@pytest.mark.parametrize(
    "name",
    ["index.html", ".journal", "result.json", "..hidden", "CON", "nul.zip", "LPT1.x", "com¹", "-rf", "~", "$HOME"],
)
def test_no_id_is_a_name_that_is_taken(tmp_path: Path, name: str) -> None:
    """A folder named like a file of ours, or like a device of Windows."""
    found = find_arrivals(
        downloads.put(tmp_path / "class", {f"{name}/formatting.py": b"", "ada/x": b""}), tmp_path / "space"
    )
    for arrival in found:
        stem = arrival.id.partition(".")[0]
        assert arrival.id not in {"index.html", "result.json", ".journal", "..", "."}
        assert stem not in {"con", "nul", "lpt1", "com1"}
        assert arrival.id[0].isalnum()
        assert arrival.id.isascii()


def test_an_id_stays_the_same_when_a_second_attempt_or_another_student_arrives(tmp_path: Path) -> None:
    before = arrive(tmp_path, {"ada.zip": b"1"})
    after = arrive(tmp_path, {"ada-attempt-2.zip": b"2", "bob.zip": b"3"})
    assert list(before) == ["ada"]
    assert after["ada"].attempt == 2
    assert set(after) == {"ada", "ada-attempt-1", "bob"}


def test_the_same_submission_downloaded_twice_counts_once_and_keeps_its_id(tmp_path: Path) -> None:
    export = downloads.gradescope()
    again = {name.replace("8046601", "8046602"): data for name, data in export.items()}
    found = list(arrive(tmp_path, export | again).values())
    assert len(found) == 6
    assert [a.id for a in choose_attempts(found)] == ["ada-lovelace", "grace-hopper-ada-lovelace", "submission_4003"]


def test_the_best_attempt_counts_where_that_is_asked_and_the_latest_of_equal_ones(tmp_path: Path) -> None:
    found = list(
        arrive(tmp_path, {"a.zip": b"", "a-attempt-2.zip": b"", "b.zip": b"", "b-attempt-2.zip": b""}).values()
    )
    assert len(choose_attempts(found, "best")) == 4
    scores = {"a-attempt-1": 90.0, "a": 40.0, "b": 50.0, "b-attempt-1": 50.0}
    assert [arrival.id for arrival in choose_best(found, scores)] == ["a-attempt-1", "b"]
    assert [arrival.id for arrival in choose_best(found, {})] == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds no submissions"),
        ({"roster.csv": b""}, "holds no submissions"),
        ({"formatting.py": b"", "quiz.toml": b""}, "is one submission"),
    ],
)
def test_a_folder_that_is_no_class_is_told_so(tmp_path: Path, files: dict[str, bytes], told: str) -> None:
    (tmp_path / "class").mkdir()
    with pytest.raises(UsageError, match=told):
        arrive(tmp_path, files)


def test_a_file_name_that_is_no_text_is_somebody_all_the_same(tmp_path: Path) -> None:
    folder = downloads.put(tmp_path / "class", {"ada/formatting.py": b""})
    (folder / "\udcff\udcfe").mkdir()
    found = find_arrivals(folder, tmp_path / "space")
    assert len(found) == 2
    for arrival in found:
        arrival.student.encode()
        msgspec.json.encode(arrival.delivery())


def test_a_link_among_loose_files_is_not_followed_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A loose file of one student is a link to another's, and one is a pipe that nobody writes to."""
    folder = downloads.put(tmp_path / "class", {"ada_1_2_formatting.py": b"# ada", "eve_2_3_formatting.py": b""})
    (folder / "eve_2_4_lora_config.py").symlink_to("ada_1_2_formatting.py")
    os.mkfifo(folder / "bob_3_5_formatting.py")
    (folder / "bob_3_6_lora_config.py").write_bytes(b"")
    for arrival in find_arrivals(folder, tmp_path / "space"):
        if arrival.id != "ada-1":
            with pytest.raises(GraderError, match="link or a special file"):
                content(arrival, tmp_path)


@pytest.mark.parametrize(
    "members", [["x.zip"], [f"Eve_1_assignsubmission_file/{n}formatting.py" for n in ("", *range(9))]]
)
def test_a_bomb_in_a_bulk_zip_fills_no_disk(tmp_path: Path, members: list[str]) -> None:
    """Zeros that unpack to a thousand times their size, as a student's archive or as ten files."""
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in [*members, "Ada_2_assignsubmission_file/formatting.py"]:
            archive.writestr(name, bytes(12 << 20) if name in members else b"# ada")
    found = find_arrivals(path, tmp_path / "space")
    assert sum(file.stat().st_size for file in (tmp_path / "space").iterdir()) < 5 << 20
    bomb = next(arrival for arrival in found if arrival.id != "ada-2")
    with pytest.raises(GraderError, match=r"over 64|neither"):
        content(bomb, tmp_path)


def test_a_class_of_five_thousand_is_listed_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    (folder / "w-submissions").mkdir(parents=True)
    for number in range(1, 2501):
        (folder / f"Student {number}_{number}_assignsubmission_file").mkdir()
        (folder / "w-submissions" / f"w-login-{number}").mkdir()
    rows = [f"login-{n},{n}@example.edu,2026-11-20T09:00:00Z" for n in range(1, 2501)]
    (folder / "w-submissions" / "scores.csv").write_text("\n".join(["username,email,datetime", *rows]))
    assert len({arrival.id for arrival in find_arrivals(folder, tmp_path / "space")}) == 5000


def test_a_file_that_is_no_zip_and_a_path_without_anything_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "class.rar").write_bytes(b"Rar!")
    with pytest.raises(UsageError, match="not a folder and not a zip"):
        find_arrivals(tmp_path / "class.rar", tmp_path / "space")
    with pytest.raises(UsageError, match="nothing here"):
        find_arrivals(tmp_path / "nowhere", tmp_path / "space")


def test_a_bulk_zip_cut_short_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = bulk(tmp_path, downloads.moodle())
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    with pytest.raises(GraderError, match=r"damaged|encrypted"):
        find_arrivals(path, tmp_path / "space")
