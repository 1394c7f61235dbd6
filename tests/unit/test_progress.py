"""Progress on stderr: the title is a submission's name, which may be anything."""

import re

import pytest

from grader.progress import show_progress
from tests.render.hostile import ATTACKS

COLOURS = re.compile(r"\x1b\[[\d;?]*[mhlKA]|\x1b\[\?25[hl]|\r")  # what the live line writes by itself
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_two_at_work_at_once_are_told_of_by_stage_and_not_by_turn(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("demo") as progress:
        for number in range(20):
            progress(f"ada, checks: {number} of 20")
            progress(f"ben, checks: {number} of 20")
        progress("ada, training")
    said = capsys.readouterr().err.splitlines()
    assert said == ["demo: ada, checks: 0 of 20", "demo: ben, checks: 0 of 20", "demo: ada, training"]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("live", [False, True])
def test_a_hostile_title_moves_no_cursor_and_gives_no_command(
    attack: str, live: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if live:
        monkeypatch.setenv("FORCE_COLOR", "1")
    with show_progress(attack) as progress:
        progress(f"reading: {attack}")
        progress("checks: 1 of 2")
    said = capsys.readouterr().err
    assert not CONTROLS.search(COLOURS.sub("", said))
    assert not any(line.strip().startswith("::") or "##[" in line for line in COLOURS.sub("", said).splitlines())
