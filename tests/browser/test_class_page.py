"""The class page in a browser: searched and sorted by keyboard, in light, in dark, on a phone, with hostile names."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from grader.render.classroom import Row, Similarity, render_classroom
from tests.browser.conftest import Visitor
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts
from tests.render.test_classroom import classroom

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NAMES = {"zoe": 9.5, "Ángel": 60, "ben": 100, "cleo": 20}
SHOWN = classroom()
PLAIN = replace(
    SHOWN, rows=[*SHOWN.rows, *(Row(name=name, score=score, max_score=100) for name, score in NAMES.items())]
)
SOURCE = render_classroom(PLAIN)


def shown(page: "Page") -> list[str]:
    """The names in the rows that can be seen, in their order."""
    return page.locator("#class tbody tr:not([hidden]) th > bdi").all_text_contents()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 360)])
def test_the_page_is_accessible_sorted_and_searched_in_light_in_dark_and_on_a_phone(
    visitor: Visitor, scheme: Literal["light", "dark"], width: int
) -> None:
    visit = visitor.open(SOURCE, scheme=scheme, width=width)
    assert visit.width() == width
    visit.page.fill("#search", "e")
    visit.page.click("#class th:nth-child(2) button")
    assert visit.violations() == []
    assert (visit.said, visit.requests) == ([], [])


def test_the_keyboard_searches_and_the_page_says_how_many_match(visitor: Visitor) -> None:
    page = visitor.open(SOURCE).page
    assert page.text_content("#matching") == "7 rows"
    page.focus("#search")
    page.keyboard.type("ANGEL")  # whatever the case and the accent
    assert shown(page) == ["Ángel"]
    assert page.text_content("#matching") == "1 of 7 rows match"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("archive refused")  # words in any order, of any column
    assert shown(page) == ["ben"]
    page.keyboard.type(" no such")
    assert page.text_content("#matching") == "0 of 7 rows match"
    assert page.get_attribute("#matching", "role") == "status"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    assert len(shown(page)) == 7


def test_the_keyboard_sorts_and_assistive_technology_is_told(visitor: Visitor) -> None:
    page = visitor.open(SOURCE).page
    page.focus("#search")
    page.keyboard.press("Tab")  # the scrolling region
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentElement.textContent") == "Submission"
    page.keyboard.press("Enter")
    heading = page.locator("#class th").first
    assert heading.get_attribute("aria-sort") == "ascending"
    assert shown(page) == ["ada-lovelace", "Ángel", "ben", "ben", "cleo", "cleo", "zoe"]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") is None
    assert page.locator("#class th").nth(1).get_attribute("aria-sort") == "descending"
    # By number, not by letter; what has no score stays last both ways.
    assert shown(page) == ["ben", "Ángel", "ada-lovelace", "cleo", "zoe", "ben", "cleo"]
    page.keyboard.press("Enter")
    assert shown(page) == ["zoe", "cleo", "ada-lovelace", "Ángel", "ben", "ben", "cleo"]


def test_a_link_to_a_row_that_the_search_hides_shows_it(visitor: Visitor) -> None:
    links = {"zoe": "#row-zoe", "ben": "#row-ben"}
    page = visitor.open(render_classroom(replace(PLAIN, links=links, pseudonymous=True))).page
    page.fill("#search", "cleo")
    page.evaluate("location.hash = '#row-zoe'")
    page.wait_for_function("document.getElementById('search').value === ''")
    assert "zoe" in shown(page)


def test_without_a_script_everything_is_there_and_no_control_is_dead(visitor: Visitor) -> None:
    source = SOURCE.replace("script-src", "x-script-src")
    page = visitor.open(source).page
    assert len(shown(page)) == 7
    assert page.locator("button:visible, input:visible").count() == 0


def test_hostile_text_in_every_field_runs_nothing_loads_nothing_and_keeps_to_its_place(visitor: Visitor) -> None:
    base = classroom(change_texts(SAMPLE, lambda text: ATTACKS["closing tags"]), ATTACKS["attribute"])
    others = [classroom(SAMPLE, attack) for attack in ATTACKS.values()]
    hostile = replace(
        base,
        rows=[row for one in others for row in one.rows],
        links={name: link for one in others for name, link in one.links.items()},
        decided=[decided for one in others for decided in one.decided],
        missing=[person for one in others for person in one.missing],
        similarity=Similarity([pair for one in others if one.similarity for pair in one.similarity.pairs], 99, 5),
    )
    visit = visitor.open(render_classroom(hostile), width=360)
    visit.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
    visit.page.fill("#search", "<script>")
    visit.page.locator("#class th button").first.click()
    visit.page.mouse.move(180, 400)
    assert (visit.said, visit.requests) == ([], [])
    assert visit.page.evaluate("document.title") != "owned"
    assert visit.page.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert 0 < len(shown(visit.page)) < len(hostile.rows)
    assert visit.width() == 360
