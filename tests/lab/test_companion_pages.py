"""Week 07's pages: English and Spanish say the same, links lead somewhere, and the student's copy holds them."""

import re
from pathlib import Path

import pytest

from grader.assign.release import write_release
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from tests.lab.markdown import anchors, blocks, links

LAB = PROJECT / "labs" / "week07"
BILINGUAL = ("resources.md", "actividad-interactiva.md", "project-steps.md", "progreso.md")
PAGES = ("README.md", "README.es.md", *BILINGUAL, "retroalimentacion.md")
SPANISH = re.compile(r"\b(el|la|los|las|que|una|con|tus?)\b")
ENGLISH = re.compile(r"\b(the|and|what|with|your?|of)\b")


def _shape(page: Path) -> list[str]:
    """Return the kind of each heading, table row, list item and collapsed hint, in order."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^(#+ |\||- |\d\. |<details>)", prose, flags=re.MULTILINE)


def test_the_lesson_has_the_same_shape_and_the_same_code_in_both_languages() -> None:
    english, spanish = LAB / "README.md", LAB / "README.es.md"
    assert _shape(english) == _shape(spanish)
    code = [[(block.language, block.code) for block in blocks(page, PROJECT)] for page in (english, spanish)]
    assert code[0] == code[1]


def test_points_and_times_are_the_same_in_both_languages() -> None:
    row = re.compile(r"\| `([\w./]+)` \| (\d+) \| ([\d–]+ min) \|")
    english, spanish = (row.findall((LAB / page).read_text(encoding="utf-8")) for page in PAGES[:2])
    assert english == spanish != []


@pytest.mark.parametrize("name", BILINGUAL)
def test_a_page_is_in_both_languages(name: str) -> None:
    text = (LAB / name).read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if re.match(r"##? ", line)]
    assert headings
    assert [line for line in headings if " · " not in line and ": " not in line] == []
    english, spanish = len(ENGLISH.findall(text)), len(SPANISH.findall(text))
    assert min(english, spanish) > 0.5 * max(english, spanish)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_within_the_lab_leads_somewhere(name: str) -> None:
    for target in links(LAB / name):
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            page = LAB / (path or name)
            assert page.is_file(), target
            assert not anchor or anchor in anchors(page), target


@pytest.mark.parametrize("name", PAGES[:2])
def test_the_lesson_leads_to_every_companion_page(name: str) -> None:
    assert set(PAGES[2:]) <= set(links(LAB / name))


def test_resources_has_guides_adapters_data_and_community_with_several_links_each() -> None:
    parts = (LAB / "resources.md").read_text(encoding="utf-8").split("\n## ")[1:]
    assert [part.split()[0] for part in parts] == ["Guides", "Adapters", "Data", "Community"]
    assert all(part.count("](https://") >= 4 for part in parts)


def test_the_students_copy_holds_every_page_and_what_its_activities_need(tmp_path: Path) -> None:
    written = write_release(find_lab("week07"), tmp_path / "copy", git=False)
    assert {Path("labs/week07", name) for name in PAGES} <= set(written)
    assert Path("labs/week07/data/examples.jsonl") in written
    assert Path("fixtures/tiny-gpt2/config.json") in written
