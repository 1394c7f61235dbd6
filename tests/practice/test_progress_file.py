"""The file on disk: whatever stands there, a run ends well and no text is lost."""

import os
from datetime import date
from pathlib import Path

import pytest

from grader.lab import LabSpec, open_lab
from grader.lab.folders import PROJECT
from grader.practice.block import BEGIN, END, write_ticks
from grader.practice.progress_file import LARGEST, reached_goals, track_progress
from grader.results import CheckResult, Outcome

SPEC = LabSpec.model_validate(
    {
        "lab": "mini",
        "title": "Mini",
        "tasks": [{"name": "adding", "title": "Add", "visible": {"a": 20, "b": 20}, "hidden": {"c": 60}}],
        "tracker": {
            "file": "diary.md",
            "goals": [{"title": "All · Todo", "evidence": ["adding"]}, {"title": "A", "evidence": ["adding.a"]}],
        },
    }
)
TODAY = date(2026, 11, 22)


def ran(**outcomes: Outcome) -> dict[str, CheckResult]:
    return {
        f"adding.{name}": CheckResult(id=f"adding.{name}", title=name, outcome=outcome, points=0, max_points=1)
        for name, outcome in outcomes.items()
    }


PASSED = ran(a=Outcome.PASSED, b=Outcome.PASSED)


def track(folder: Path) -> str:
    return "\n".join(track_progress(SPEC, folder, PASSED, TODAY))


@pytest.mark.parametrize(
    ("decided", "reached"),
    [
        (PASSED, {"All · Todo": True, "A": True}),
        (ran(a=Outcome.PASSED), {"A": True}),
        (ran(b=Outcome.FAILED), {"All · Todo": False}),
        (ran(a=Outcome.BLOCKED, b=Outcome.PASSED), {"All · Todo": False, "A": False}),
        (ran(a=Outcome.HARNESS_ERROR, b=Outcome.PASSED), {}),
        (ran(c=Outcome.FAILED), {}),
        ({}, {}),
    ],
)
def test_a_goal_holds_when_all_of_its_visible_checks_ran_and_passed(
    decided: dict[str, CheckResult], reached: dict[str, bool]
) -> None:
    assert reached_goals(SPEC, decided) == reached


def test_reached_goals_are_ticked_with_the_day_and_the_run_says_so(tmp_path: Path) -> None:
    path = tmp_path / "diary.md"
    path.write_text("mine\n")
    assert track(tmp_path) == "diary.md: 2 newly ticked, 2 of 2 in all."
    assert "- [x] All · Todo (2026-11-22)\n- [x] A (2026-11-22)\n" in path.read_text()
    before = path.stat()
    assert track(tmp_path) == ""
    assert path.stat().st_ino == before.st_ino, "nothing new: the file is not written at all"


def test_what_breaks_is_told_and_its_tick_stays(tmp_path: Path) -> None:
    (tmp_path / "diary.md").write_text("")
    track(tmp_path)
    told = track_progress(SPEC, tmp_path, ran(a=Outcome.FAILED), date(2026, 11, 30))
    assert told[1] == "diary.md: “A” was reached on 2026-11-22 and is broken now; its tick stays."
    assert (
        "- [x] A (2026-11-22; broken since 2026-11-30 · falla desde 2026-11-30)" in (tmp_path / "diary.md").read_text()
    )
    assert track(tmp_path) == "diary.md: 2 newly ticked, 2 of 2 in all."


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_the_files_mode_stays(tmp_path: Path, mode: int) -> None:
    (tmp_path / "diary.md").write_text("")
    (tmp_path / "diary.md").chmod(mode)
    track(tmp_path)
    assert (tmp_path / "diary.md").stat().st_mode & 0o777 == mode
    assert [path.name for path in tmp_path.iterdir()] == ["diary.md"]


def test_without_the_file_nothing_is_tracked_and_none_is_made(tmp_path: Path) -> None:
    assert track(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"caf\xe9\r\n", "not UTF-8"),
        ("mine\n".encode("utf-16"), "not UTF-8"),
        ("mine\n".encode("utf-16-le"), "not UTF-8"),
        (b"x" * (LARGEST + 1), "over 1 MiB"),
        (f"{BEGIN}\nmine\n".encode(), "mend that"),
        (f"{BEGIN}\n{END}\nmine\n{BEGIN}\n{END}\n".encode(), "mend that"),
    ],
)
def test_a_file_that_cannot_be_ticked_safely_is_left_as_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "diary.md"
    path.write_bytes(content)
    assert told in track(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfmine\r\n", b"mine\r\nno end", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.md"
    path.write_bytes(content)
    track(tmp_path)
    assert path.read_bytes().startswith(content)
    assert path.read_bytes().count(b"\r\n") in (0, path.read_bytes().count(b"\n"))


def test_line_ends_of_another_age_are_somebodys_text(tmp_path: Path) -> None:
    (tmp_path / "diary.md").write_bytes(b"old\rmac\r")
    track(tmp_path)
    assert (tmp_path / "diary.md").read_bytes().startswith(b"old\rmac\r\n\n<!--")


def test_a_read_only_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "diary.md"
    path.write_text("mine")
    path.chmod(0o444)
    assert "read-only" in track(tmp_path)
    assert path.read_text() == "mine"


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "precious.md"
    target.write_text("mine")
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "diary.md").symlink_to(target)
    assert "a link" in track(folder)
    assert target.read_text() == "mine"
    assert (folder / "diary.md").is_symlink()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_a_folder_or_a_pipe_of_that_name_stops_nothing(tmp_path: Path, make: "os.PathLike[str]") -> None:
    make(tmp_path / "diary.md")  # type: ignore[operator]
    assert "no plain file" in track(tmp_path)


def test_a_full_or_forbidden_disk_costs_the_ticks_and_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "diary.md"
    path.write_text("mine")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert track(tmp_path) == "diary.md was left as it is: No space left on device."
    assert path.read_text() == "mine"
    assert [found.name for found in tmp_path.iterdir()] == ["diary.md"]


@pytest.mark.parametrize("lab", sorted(path.parent for path in PROJECT.glob("labs/*/lab.toml")), ids=lambda p: p.name)
def test_a_labs_own_file_is_handed_out_with_nothing_ticked(lab: Path) -> None:
    spec = open_lab(lab).spec
    if spec.tracker:
        text = (lab / spec.tracker.file).read_text(encoding="utf-8")
        assert write_ticks(text, [goal.title for goal in spec.tracker.goals], {}) == text


@pytest.mark.parametrize(
    ("goals", "told"),
    [
        ([{"title": "x", "evidence": ["adding.z"]}], "no such task or check: adding.z"),
        ([{"title": "x", "evidence": ["adding.c"]}], "no visible check shows it"),
        ([{"title": "x", "evidence": ["adding"]}] * 2, "listed twice: x"),
        ([{"title": "x\ny", "evidence": ["adding"]}], "tracker.goals.0.title"),
    ],
)
def test_a_goal_that_nothing_could_tick_is_a_mistake_in_the_lab(goals: list[dict[str, object]], told: str) -> None:
    table = SPEC.model_dump(exclude_none=True)
    table["tracker"]["goals"] = goals
    with pytest.raises(ValueError, match=told):
        LabSpec.model_validate(table)
