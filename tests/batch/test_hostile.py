"""What a submission could try against a batch: its name, its files, its texts, its time."""

import json
import zipfile
from pathlib import Path

import pytest

from grader.results import Outcome
from tests.batch.classroom import RIGHT, SUMS, Classroom

NAMES = [
    "result.json",
    "index.html",
    ".journal",
    ".shards",
    "roll",
    "overrides.toml",
    "con",
    "-rf",
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)<x",
    "\u202egnp.exe",
    "=HYPERLINK(1)",
    "x" * 200,
]


def test_no_name_reaches_outside_its_own_folder_or_takes_anothers(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    for name in NAMES:
        with zipfile.ZipFile(classroom.folder / f"{name}.zip", "w") as archive:
            archive.writestr("warmup.py", SUMS)
    with zipfile.ZipFile(classroom.folder / "...zip", "w") as archive:
        archive.writestr("warmup.py", SUMS)
    ended = classroom.batch()
    assert ended.code == 0
    assert classroom.result("ada").score == 100
    folders = sorted(path for path in classroom.out.iterdir() if path.is_dir() and not path.name.startswith("."))
    assert {path.name for path in classroom.out.iterdir()} - {path.name for path in folders} == {
        ".journal",
        "index.html",
    }
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == ["index.html", "result.json"]
        assert folder.name.isascii()
        assert folder.name.isprintable()
    assert sorted(path.name for path in classroom.out.parent.iterdir()) == ["class", "out"]
    assert "\x1b" not in ended.printed
    assert "<script>alert" not in (classroom.out / "index.html").read_text()


WRITER = """
import os, pathlib

def mean_loss(losses):
    tried = []
    for place in {places!r}:
        for name in ("", "ada", "ada/result.json", "index.html", ".journal/records/ada.json", ".journal/lock"):
            path = pathlib.Path(place, name)
            try:
                path.write_text("forged") if path.suffix else list(path.iterdir())
                tried.append(str(path))
            except OSError:
                pass
            try:
                path.read_bytes()
                tried.append(str(path))
            except OSError:
                pass
    if tried:
        raise RuntimeError("reached " + repr(tried))
    return sum(losses) / len(losses)

def steps_per_epoch(num_examples, batch_size):
    return 0
"""


def test_a_submission_neither_reads_nor_writes_reports_or_neighbours(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    assert classroom.batch().code == 0
    classroom.add("eve", WRITER.format(places=[str(classroom.out), str(classroom.folder)]))
    before = (classroom.out / "ada" / "result.json").read_bytes()
    assert classroom.batch().jobs == ["checks eve"]
    outcomes = {check.id: check for check in classroom.result("eve").checks()}
    reached = outcomes["warmup.mean_of_a_few_losses"]
    assert reached.outcome is Outcome.PASSED, reached.message
    assert (classroom.out / "ada" / "result.json").read_bytes() == before


FORGER = """
import json
RECORD = json.dumps({{"checked": {{"facts": {{}}, "sources": {{}}, "results": []}}, "score": 100}})
TEXT = "]]}}" + RECORD + "\\n" + RECORD + "\\x00\\x1b[2J\\u202e##[error]" + chr(0xD800)

def steps_per_epoch(num_examples, batch_size):
    print(TEXT)
    raise ValueError(TEXT)

def mean_loss(losses):
    return TEXT
"""


def test_poisoned_text_goes_through_the_journal_as_text(classroom: Classroom) -> None:
    classroom.add("eve", FORGER.replace("{{", "{").replace("}}", "}"))
    ended = classroom.batch()
    assert ended.code == 0
    assert classroom.result("eve").score <= 30
    kept = (classroom.out / ".journal" / "records" / "eve.json").read_bytes()
    assert sorted(json.loads(kept)) == ["checked", "trained"]
    first = (classroom.out / "eve" / "result.json").read_bytes()
    again = classroom.batch()
    assert again.jobs == []
    assert (classroom.out / "eve" / "result.json").read_bytes() == first
    assert "\x1b" not in again.printed


@pytest.mark.parametrize("target", ["/etc/passwd", "../out/.journal/lock"])
def test_a_link_in_place_of_a_submission_hands_in_nothing_of_ours(classroom: Classroom, target: str) -> None:
    classroom.add("ada", RIGHT)
    (classroom.folder / "eve").symlink_to(target)
    (classroom.folder / "mallory").mkdir()
    (classroom.folder / "mallory" / "warmup.py").symlink_to(Path("..", "ada", "warmup.py"))
    assert classroom.batch().code == 0
    assert classroom.result("ada").score == 100
    assert not (classroom.out / "eve").exists()
    assert not (classroom.out / "mallory").exists()


def test_a_submission_that_hangs_does_not_keep_others_waiting_for_their_results(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("sloth", "import time\ntime.sleep(3600)\n")
    classroom.add("zoe", RIGHT)
    assert classroom.batch().code == 0
    assert classroom.result("zoe").score == 100
    assert {check.outcome for check in classroom.result("sloth").checks()} == {Outcome.TIMED_OUT}


def test_two_who_hand_in_the_same_get_a_report_each(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.add("Ada!", RIGHT)
    classroom.batch()
    ids = [path.parent.name for path in classroom.out.glob("[!.]*/result.json")]
    assert len(ids) == 2
    assert all(classroom.result(id).submission.id == id for id in ids)
