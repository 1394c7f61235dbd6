"""Opens pages of ours in a real, headless Chromium and writes down everything it says and asks for."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """A page in a browser, with its console messages, errors, dialogs and requests so far."""

    page: "Page"
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def width(self) -> int:
        """Return the width that the page needs, in CSS pixels."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def violations(self) -> list[str]:
        """Return what axe-core finds against WCAG and its own good practice, in words."""
        from axe_playwright_python.sync_playwright import Axe

        self.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


class Visitor:
    """Opens a page's source as a file in a fresh tab."""

    def __init__(self, browser: "Browser", folder: Path) -> None:
        self._browser = browser
        self._folder = folder

    def open(self, source: str, *, width: int = 1100, scheme: Literal["light", "dark"] = "light") -> Visit:
        """Open a page `width` CSS pixels wide and wait until it has loaded."""
        file = self._folder / "index.html"
        file.write_text(source, encoding="utf-8")
        page = self._browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        visit = Visit(page)
        page.on("console", lambda message: visit.said.append(message.text))
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.on("dialog", lambda dialog: visit.said.append(dialog.message))
        page.on("request", lambda request: visit.requests.append(request.url))
        page.goto(file.as_uri(), wait_until="networkidle")
        visit.requests = [url for url in visit.requests if url != file.as_uri()]
        return visit


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A headless Chromium of this machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (group `browser`)")
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed (group `browser`)")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium on the PATH (looked for {', '.join(NAMES)})")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: "Browser", tmp_path: Path) -> "Iterator[Visitor]":
    """Opens pages; their tabs are closed after the test."""
    yield Visitor(browser, tmp_path)
    for context in browser.contexts:
        context.close()
