"""A plain page that links to several reports."""

from collections.abc import Sequence
from urllib.parse import quote

from grader.render.html import render_page
from grader.results import Result


def render_index(results: Sequence[Result], title: str) -> str:
    """Return a page that lists results with their scores; it belongs beside their folders (`ID/index.html`)."""
    links = [f"./{quote(result.submission.id, safe='', errors='replace')}/index.html" for result in results]
    return render_page("index.html", entries=list(zip(results, links, strict=True)), title=title, length=200)
