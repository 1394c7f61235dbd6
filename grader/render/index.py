"""A plain page that links to several reports, and says of what has none why."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from grader.language import ENGLISH, Language, speaking, translate
from grader.render.html import render_page
from grader.render.steps import name_next_step
from grader.results import Result


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a graded submission, or one that was `refused` or that a `fault` of ours kept from being graded."""

    id: str
    score: float = 0.0
    max_score: float = 0.0
    model: str = ""
    next_step: str = ""
    faults: int = 0
    refused: str = ""
    fault: str = ""


def make_entry(result: Result, language: Language = ENGLISH) -> Entry:
    """Return the line of a result."""
    return Entry(
        id=result.submission.id,
        score=result.score,
        max_score=result.max_score,
        model=result.training.model if result.training else "",
        next_step=name_next_step(result, language),
        faults=len(result.harness_faults()),
    )


def render_index(entries: Sequence[Entry], title: str, language: Language = ENGLISH) -> str:
    """Return a page that lists submissions with their scores; it belongs beside their folders (`ID/index.html`)."""
    told = [msgspec.structs.replace(entry, refused=translate(entry.refused, language)) for entry in entries]
    links = [f"./{quote(entry.id, safe='', errors='replace')}/index.html" for entry in entries]
    with speaking(language):
        return render_page("index.html", entries=list(zip(told, links, strict=True)), title=title, length=200)
