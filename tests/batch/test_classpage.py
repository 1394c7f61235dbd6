"""The class page as a batch leaves it: who is on it, under which names, and what of it is remembered."""

import re
from pathlib import Path

import pytest

from grader.batch.classpage import KEY, WHO, write_class_page
from grader.batch.journal import Journal
from grader.batch.names import NAMELESS, Pseudonyms, open_pseudonyms
from grader.errors import UsageError
from tests.batch.classroom import Classroom
from tests.batch.synthetic import SPECIAL, make_class

TRICK = '''

def smooth(values, span):
    """{doc}"""
    kept = []
    for place, value in enumerate(values):
        around = values[max(0, place - span) : place + span + 1]
        if not around:
            raise ValueError("nothing around here")
        kept.append(sum(around) / len(around) if value is not None else 0.0)
    return [round(one, 4) for one in kept if one > 0.0 or span < len(kept)]
'''
COPIED = TRICK.replace("values", "xs").replace("around", "window").replace("kept", "out").replace("place", "i")
TELLTALE = """
def mean_loss(losses):
    raise ValueError("Ada Lovelace <ada@example.edu> was here, adas_folder, LOVELACE")

def steps_per_epoch(num_examples, batch_size):
    raise ValueError("Ada Lovelace <ada@example.edu> was here, adas_folder, LOVELACE")
"""


def page_of(classroom: Classroom) -> str:
    return (classroom.out / "index.html").read_text()


def test_a_class_is_shown_under_its_names_and_then_without_one_of_them(classroom: Classroom, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("name,email\nAda Lovelace,ada@example.edu\nGrace Hopper,grace@example.edu\n")
    classroom.add("ada", TELLTALE + TRICK.format(doc="By Ada."))
    classroom.add("ben", TELLTALE + COPIED.format(doc="By Ada too."))
    (classroom.folder / "zoe.zip").write_bytes(b"no zip")
    classroom.batch(roster=roster)
    page = page_of(classroom)
    assert '<a href="./ada/index.html">ada</a></bdi> and <bdi><a href="./ben/index.html">ben</a>' in page
    assert "<code>smooth</code>" in page
    assert "window = xs[max(0, i - span)" in page
    assert "Grace Hopper" in page
    assert page.count("not on the roster</span>") == 1
    kept = {path: path.stat().st_mtime_ns for path in (classroom.out / ".journal" / "fingerprints").iterdir()}
    assert len(kept) == 2

    assert classroom.batch(roster=roster, pseudonymous=True).jobs == []
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    page = page_of(classroom)
    # Our own word `graded` holds the letters of a name.
    assert re.findall(r"(?<!gr)ada(?!p)|lovelace|ben\b|zoe\b|hopper|xs\[", page.lower()) == []
    assert NAMELESS in page
    assert "never a verdict" in page
    assert "./" not in page.partition("<body>")[2].partition("<script>")[0]
    key, who = (classroom.out / ".journal" / name for name in (KEY, WHO))
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes().hex() not in page
    pseudonyms = dict(line.split(",") for line in who.read_text().splitlines())
    assert all(name in page for name in pseudonyms)
    assert set(pseudonyms.values()) == {"ada", "ben", "zoe"}


def test_a_key_is_made_once_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    key = tmp_path / KEY
    first = open_pseudonyms(key, []).name("ada")
    assert open_pseudonyms(key, ["somebody new"]).name("ada") == first
    key.write_bytes(b"short")
    with pytest.raises(UsageError, match="no key of ours; delete it"):
        open_pseudonyms(key, [])
    key.unlink()
    assert open_pseudonyms(key, []).name("ada") != first


def test_pseudonyms_depend_on_key_and_id_and_hold_attempts_together() -> None:
    names, others = Pseudonyms(b"k" * 32, []), Pseudonyms(b"l" * 32, [])
    assert names.name("ada") == Pseudonyms(b"k" * 32, ["Ben"]).name("ada")
    assert names.name("ada") not in {others.name("ada"), names.name("ben")}
    assert names.name("ada-attempt-1") == f"{names.name('ada')}-attempt-1"
    assert re.fullmatch(r"p-[a-z2-7]{5}-[a-z2-7]{5}", names.name("ada"))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Ada's file", f"{NAMELESS}'s file"),
        ("LOVELACE_data.py", f"{NAMELESS}_data.py"),
        ("AdaLovelace", NAMELESS),
        ("Adaptation of 501 things", "Adaptation of 501 things"),
        ("a\u0301lvaro writes", f"{NAMELESS} writes"),
        ("An answer that Jo gave", "An answer that Jo gave"),
        ("lovelaceada-501/x", f"{NAMELESS}-501/x"),
    ],
)
def test_words_of_names_are_taken_out_of_sentences(text: str, clean: str) -> None:
    assert Pseudonyms(b"k" * 32, ["Ada Lovelace", "Álvaro Núñez", "lovelaceada-501", "Jo An"]).sentence(text) == clean


def test_a_class_of_sixty_is_on_its_page_with_all_that_is_special_about_it(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        group = make_class(tmp_path, journal, 60)
        page = write_class_page(group).read_text()
        hidden = write_class_page(group, pseudonymous=True).read_text()
    assert page.count('<tr id="row-') == hidden.count('<tr id="row-') == 60
    assert "Zoë Quist" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "late: 20 off" in page
    assert "Decided by hand" in page
    assert "tells apart" in page
    assert not [name for name in ("Quist", "Lovelace", SPECIAL[0], SPECIAL[1], "Okafor") if name in hidden]
    # The first and the fifth, the second and the fourth are copies; the rest are made to differ.
    assert page.count('<article class="pair">') == 2
