"""What stands in a Markdown page: sections, anchors, links, fenced blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced or indented block of code; `line` is the 1-based line of its first line of code."""

    page: str
    line: int
    language: str
    code: str


def sections(path: Path) -> dict[str, str]:
    """Return the text under each second-level heading."""
    parts = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them; code blocks hold none."""
    return set(ordered_anchors(path))


def ordered_anchors(path: Path) -> list[str]:
    """Return the anchors of a page's headings in the page's order."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def links(path: Path) -> list[str]:
    """Return the targets of a page's links."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return LINK.findall(prose)


def blocks(path: Path, root: Path) -> list[Block]:
    """Return a page's blocks of code in their order."""
    page = path.relative_to(root).as_posix()
    return [
        Block(page, token.map[0] + (2 if token.type == "fence" else 1), token.info.strip(), token.content)
        for token in MarkdownIt().parse(path.read_text(encoding="utf-8"))
        if token.type in {"fence", "code_block"} and token.map
    ]
