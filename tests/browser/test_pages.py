"""What cannot be seen in the source alone: what a browser does with our pages."""

import re
from typing import Literal

import msgspec
import pytest

from grader.render.html import render_report
from grader.render.index import render_index
from grader.results import Outcome
from tests.browser.conftest import Visitor
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

pytestmark = pytest.mark.browser

UNTOUCHED = msgspec.structs.replace(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED), training=None)
PAGES = {
    "sample": render_report(SAMPLE),
    "untouched": render_report(UNTOUCHED),
    "full marks": render_report(with_outcome(SAMPLE, Outcome.PASSED)),
    "index": render_index([SAMPLE, UNTOUCHED], "Week 07: two submissions"),
}
Scheme = Literal["light", "dark"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_light_and_dark(visitor: Visitor, name: str, scheme: Scheme) -> None:
    visit = visitor.open(PAGES[name], scheme=scheme)
    assert visit.violations() == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_and_is_accessible_there(visitor: Visitor, name: str) -> None:
    visit = visitor.open(PAGES[name], width=360)
    assert visit.violations() == []
    assert visit.width() == 360


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_nothing_to_the_console_and_asks_for_nothing(visitor: Visitor, name: str) -> None:
    visit = visitor.open(PAGES[name])
    assert (visit.said, visit.requests) == ([], [])


def test_dark_and_light_differ(visitor: Visitor) -> None:
    colours = {
        visitor.open(PAGES["sample"], scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(colours) == 2


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_runs_nothing_loads_nothing_and_keeps_to_its_place(
    visitor: Visitor, attack: str
) -> None:
    hostile = change_texts(SAMPLE, lambda _: attack)
    for source in (render_report(hostile), render_index([hostile], attack)):
        visit = visitor.open(source, width=360)
        visit.page.mouse.move(180, 400)
        visit.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
        assert (visit.said, visit.requests) == ([], [])
        assert visit.page.evaluate("document.title") != "owned"
        assert visit.page.evaluate("document.scripts.length + document.images.length") == 0
        assert visit.width() == 360


def test_the_keyboard_reaches_the_content_and_opens_a_hint(visitor: Visitor) -> None:
    page = visitor.open(PAGES["sample"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.locator(".hint summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".hint").first.get_attribute("open") is not None


def test_a_report_prints_on_a_sensible_number_of_pages(visitor: Visitor) -> None:
    pdf = visitor.open(PAGES["sample"]).page.pdf(format="A4")
    assert 3 <= len(re.findall(rb"/Type /Page\b(?!s)", pdf)) <= 12
