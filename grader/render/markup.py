"""Turn text into HTML that carries structure (code, marks, highlighting) and nothing that others could have written."""

import re
import unicodedata
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader.render.comparison import Piece, Pieces
from grader.render.text import visible

# Of Markdown only `code`: names such as __init__ and 2 * r stay as they are.
_BACKTICKS = MarkdownIt("zero").enable("backticks")
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="p-")
_LEXER = PythonLexer(stripnl=False)
_CITED = "    "  # before a line of the student's code, in a traceback
_SPACES = re.compile(r"[\n\t]|^ +| +$| {2,}", re.MULTILINE)
_ANY_SPACE = re.compile(r"[\n\t ]")
_SIGNS = {"\n": "⏎", "\t": "⇥", " ": "·"}
_UNSEEN = re.compile("[\ufe00-\ufe0f\u200c\u200d]")  # they change an emoji, and cannot be seen where they differ


def anchor(name: str) -> str:
    """Return a name as an element's id, which a link's fragment can hold as it is."""
    return re.sub(r"[^a-zA-Z0-9._-]", "-", name[:100])


def prose(text: str) -> Markup:
    """Return a sentence with its `backticked` parts as code; everything else is text."""
    rendered = _BACKTICKS.renderInline(visible(text))
    return Markup(nh3.clean(rendered, tags={"code"}, attributes={}))


def traceback(text: str) -> Markup:
    """Return a traceback with its cited lines as code; the last of them, which failed, has a mark and a sign."""
    lines = visible(text).split("\n")
    cited = [place for place, line in enumerate(lines) if line.startswith(_CITED) and line.strip(" ^~")]
    shown = [python(line) if place in cited else escape(line) for place, line in enumerate(lines)]
    if cited:
        shown[cited[-1]] = Markup('<mark><span class="sign">→</span>{}</mark>').format(shown[cited[-1]][1:])
    return Markup("\n").join(shown)


def python(code: str) -> Markup:
    """Return Python code, highlighted."""
    return Markup(highlight(visible(code), _LEXER, _FORMATTER)).removesuffix("\n")


def pieces(parts: Pieces, verbatim: bool) -> Markup:
    """Return a value in pieces; in a verbatim string, the spaces, tabs and newlines that one could overlook show."""
    return Markup("").join(_piece(kind, text, verbatim) for kind, text in parts)


def highlighted(text: str, markers: Sequence[str]) -> Markup:
    """Return text with each marker (whole words for words, anywhere for emoji and punctuation) in a <mark>."""
    plain = visible(unicodedata.normalize("NFC", text))
    # One that is longer than the text is not in it.
    wanted = [_marker(unicodedata.normalize("NFC", m)) for m in markers if m.strip() and len(m) <= len(text)]
    if not wanted:
        return escape(plain)
    parts = re.split(f"({'|'.join(sorted(wanted, key=len, reverse=True))})", plain, flags=re.IGNORECASE)
    return Markup("").join(Markup("<mark>{}</mark>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _piece(kind: Piece, text: str, verbatim: bool) -> Markup:
    if kind is Piece.LEFT_OUT:
        return Markup('<span class="left-out">…{}…</span>').format(text)
    pattern = _ANY_SPACE if kind is Piece.CHANGED else _SPACES
    if kind is Piece.CHANGED:
        text = _UNSEEN.sub(lambda found: ascii(found.group())[1:-1], text)
    shown = _with_signs(text, pattern) if verbatim else escape(visible(text))
    return Markup("<mark>{}</mark>").format(shown) if kind is Piece.CHANGED else shown


def _with_signs(text: str, pattern: re.Pattern[str]) -> Markup:
    shown, end = Markup(""), 0
    for found in pattern.finditer(text):
        signs = "".join(_SIGNS[space] for space in found.group())
        shown += escape(visible(text[end : found.start()])) + Markup('<span class="sign">{}</span>').format(signs)
        shown += "\n" if found.group() == "\n" else ""
        end = found.end()
    return shown + escape(visible(text[end:]))


def _marker(marker: str) -> str:
    words = re.escape(visible(marker))
    return rf"\b{words}\b" if marker[0].isalnum() and marker[-1].isalnum() else words
