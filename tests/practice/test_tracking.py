"""The student's own loop with real pytest runs: whole, in part, in two processes, and from an earlier day."""

from datetime import date
from pathlib import Path

import pytest

from tests.checks.mini_lab import RIGHT, SPEC, MiniLab

TRACKER = """
[tracker]
file = "diary.md"
[[tracker.goals]]
title = "Adding · Sumar"
evidence = ["adding"]
[[tracker.goals]]
title = "Refuses text"
evidence = ["adding.refuses_text"]
"""
PRACTICE = ("-p", "grader.practice.plugin")
TODAY = date.today().isoformat()


@pytest.fixture
def lab(tmp_path: Path) -> MiniLab:
    """A mini lab with a progress file, solved rightly."""
    lab = MiniLab(tmp_path)
    (lab.folder / "lab.toml").write_text(SPEC + TRACKER)
    (lab.folder / "adding.py").write_text(RIGHT)
    (lab.folder / "diary.md").write_bytes(b"my notes\r\n")
    return lab


def diary(lab: MiniLab) -> list[str]:
    content = (lab.folder / "diary.md").read_bytes()
    assert content.startswith(b"my notes\r\n")
    return [line for line in content.decode().splitlines() if line.startswith("- [")]


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_run_ticks_what_it_reached(lab: MiniLab, more: tuple[str, ...]) -> None:
    ended = lab.pytest("labs/mini", *PRACTICE, *more)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert diary(lab) == [f"- [x] Adding · Sumar ({TODAY})", f"- [x] Refuses text ({TODAY})"]
    assert "diary.md: 2 newly ticked, 2 of 2 in all." in ended.stdout
    assert ended.stdout.count("All 4 checks passed: 70/70 points.") == 1
    assert ended.stdout.count("30 more points wait for hidden checks") == 1


def test_a_part_of_the_tests_ticks_only_what_it_shows_and_takes_nothing_back(lab: MiniLab) -> None:
    lab.pytest("labs/mini", *PRACTICE, "-k", "refuses")
    assert diary(lab) == ["- [ ] Adding · Sumar", f"- [x] Refuses text ({TODAY})"]
    (lab.folder / "adding.py").write_text("def add(a, b):\n    return a + b + 1\n")
    lab.pytest("labs/mini", *PRACTICE, "-k", "test_adds")
    assert diary(lab) == ["- [ ] Adding · Sumar", f"- [x] Refuses text ({TODAY})"]


def test_a_tick_of_an_earlier_day_keeps_its_day_and_says_since_when_it_is_broken(lab: MiniLab) -> None:
    lab.pytest("labs/mini", *PRACTICE)
    path = lab.folder / "diary.md"
    path.write_bytes(path.read_bytes().replace(TODAY.encode(), b"2020-02-29"))
    (lab.folder / "adding.py").write_text("def add(a, b):\n    return a + b\n")
    ended = lab.pytest("labs/mini", *PRACTICE)
    broken = f"(2020-02-29; broken since {TODAY} · falla desde {TODAY})"
    assert diary(lab) == [f"- [x] Adding · Sumar {broken}", f"- [x] Refuses text {broken}"]
    assert "was reached on 2020-02-29 and is broken now" in ended.stdout


def test_a_submission_elsewhere_has_its_own_file_or_none(lab: MiniLab) -> None:
    folder = lab.submit(RIGHT)
    lab.pytest("labs/mini", *PRACTICE, "--submission", str(folder))
    assert diary(lab) == []
    assert not (folder / "diary.md").exists()


def test_a_grading_leaves_the_file_alone(lab: MiniLab) -> None:
    (lab.submit(RIGHT) / "diary.md").write_text("theirs")
    lab.check(RIGHT)
    assert (lab.root / "submission" / "diary.md").read_text() == "theirs"


def test_a_file_that_cannot_be_ticked_does_not_change_how_a_run_ends(lab: MiniLab) -> None:
    (lab.folder / "diary.md").write_bytes(b"\xff")
    ended = lab.pytest("labs/mini", *PRACTICE)
    assert ended.returncode == 0
    assert "diary.md was left as it is: it is not UTF-8 text; save it as UTF-8." in ended.stdout
