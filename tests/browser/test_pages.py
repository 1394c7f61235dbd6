"""What cannot be seen in the source alone: what a browser does with our pages."""

import re
import socket
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from grader.lab import find_lab
from grader.render.html import render_report
from grader.render.index import make_entry, render_index
from grader.results import Outcome, decode
from tests.browser.conftest import Visitor
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

pytestmark = pytest.mark.browser

UNTOUCHED = msgspec.structs.replace(with_outcome(SAMPLE, Outcome.NOT_ATTEMPTED), training=None)
PROJECT = Path(__file__).resolve().parents[2]
SPANISH = find_lab("week07", PROJECT).language("es")
GRADED = decode((PROJECT / "reports" / "sample" / "result.json").read_bytes())
PAGES = {
    "sample": render_report(SAMPLE),
    "untouched": render_report(UNTOUCHED),
    "full marks": render_report(with_outcome(SAMPLE, Outcome.PASSED)),
    "index": render_index([make_entry(SAMPLE), make_entry(UNTOUCHED)], "Week 07: two submissions"),
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


def test_a_spanish_report_fits_a_phone_and_is_accessible_there_in_the_dark(visitor: Visitor) -> None:
    visit = visitor.open(render_report(GRADED, SPANISH), width=360, scheme="dark")
    assert visit.violations() == []
    assert (visit.width(), visit.said, visit.requests) == (360, [], [])
    assert visit.page.evaluate("document.documentElement.lang") == "es"


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
    for source in (render_report(hostile), render_index([make_entry(hostile)], attack)):
        visit = visitor.open(source, width=360)
        visit.page.mouse.move(180, 400)
        visit.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
        assert (visit.said, visit.requests) == ([], [])
        assert visit.page.evaluate("document.title") != "owned"
        assert visit.page.evaluate("document.scripts.length + document.images.length") == 0
        assert visit.width() == 360


def test_hostile_text_runs_nothing_and_loads_nothing_in_spanish_either(visitor: Visitor) -> None:
    attacks = cycle(ATTACKS.values())
    visit = visitor.open(render_report(change_texts(SAMPLE, lambda _: next(attacks)), SPANISH), width=360)
    visit.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
    assert (visit.said, visit.requests, visit.width()) == ([], [], 360)
    assert visit.page.evaluate("document.scripts.length + document.images.length") == 0


def test_what_would_slip_through_the_escaping_still_runs_nothing_and_loads_nothing(visitor: Visitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
        slipped = f"""<script>document.title = 'owned'</script><style>body {{ width: 5000px }}</style>
        <img src="{place}/a.png" onerror="document.title = 'owned'"><link rel="stylesheet" href="{place}/a.css">
        <iframe src="{place}"></iframe><object data="{place}/a.svg"></object>
        <form action="{place}"></form><base href="{place}">"""
        visit = visitor.open(PAGES["sample"].replace("<main", f"{slipped}<main"), width=360)
        visit.page.evaluate("document.forms[0].submit()")
        assert visit.page.title() != "owned"
        assert visit.page.evaluate("document.baseURI").startswith("file:")
        assert visit.page.evaluate("document.body.getBoundingClientRect().width") <= 360
        with suppress(BlockingIOError):
            while True:  # Chromium may connect ahead of a policy's refusal, and then asks for nothing
                caller, _ = elsewhere.accept()
                with caller, suppress(TimeoutError):
                    caller.settimeout(0.2)
                    assert caller.recv(1) == b""


def test_the_keyboard_reaches_the_content_and_opens_a_hint(visitor: Visitor) -> None:
    page = visitor.open(PAGES["sample"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    hints = page.locator(".check[open]").first.locator(".hint")
    hints.first.locator("> summary").focus()
    for place in range(hints.count()):
        assert [hints.nth(later).locator("> p").is_visible() for later in range(place, hints.count())] == [False] * (
            hints.count() - place
        )
        page.keyboard.press("Enter")
        assert hints.nth(place).locator("> p").is_visible()
        page.keyboard.press("Tab")


def test_a_report_prints_on_a_sensible_number_of_pages(visitor: Visitor) -> None:
    pdf = visitor.open(PAGES["sample"]).page.pdf(format="A4")
    assert 3 <= len(re.findall(rb"/Type /Page\b(?!s)", pdf)) <= 12
