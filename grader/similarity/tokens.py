"""Python source as tokens that renaming, layout, comments and docstrings do not change. Nothing is compiled or run."""

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

MODULE = "module level"
# An author cannot rename these; what they name themselves is only `v`.
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_IGNORED = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    | {tokenize.ENCODING, tokenize.TYPE_COMMENT, tokenize.TYPE_IGNORE}
)


class Token(NamedTuple):
    """One token: what it counts as, its line (from 1), and the function that it stands in."""

    kind: str
    line: int
    function: str


def read_tokens(source: str, most: int | None = None) -> list[Token]:
    """Return the tokens of a source, at most `most`; where it is no Python any more, those before that place.

    Names become `v`, but for keywords, builtins and attributes (`.append`); numbers `n`; strings `s`. A string that is
    a statement of its own (a docstring) is left out, and so are comments, indentation and line ends.
    """
    return list(islice(_read(source), most))


def _read(source: str) -> Iterator[Token]:
    for statement in _statements(source):
        if any(token.type != tokenize.STRING for token in statement.tokens):
            yield from _read_statement(statement.tokens, statement.function)


class _Statement(NamedTuple):
    tokens: list[tokenize.TokenInfo]
    function: str


def _statements(source: str) -> Iterator[_Statement]:
    """Yield logical lines, each with the innermost function that it is indented under (`def` lines: their own)."""
    around: list[tuple[int, str]] = []
    line: list[tokenize.TokenInfo] = []
    for token in _until_broken(source):
        if token.type not in _IGNORED:
            line.append(token)
        elif token.type == tokenize.NEWLINE and line:
            yield _place(line, around)
            line = []
    if line:
        yield _place(line, around)


def _place(line: list[tokenize.TokenInfo], around: list[tuple[int, str]]) -> _Statement:
    column = line[0].start[1]
    while around and around[-1][0] >= column:
        around.pop()
    for first, second in pairwise(line[:3]):  # `def f`, `async def f`
        if first.string == "def" and second.type == tokenize.NAME:
            around.append((column, second.string))
    return _Statement(line, around[-1][1] if around else MODULE)


def _until_broken(source: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError):  # IndentationError is a SyntaxError
        return


def _read_statement(tokens: list[tokenize.TokenInfo], function: str) -> Iterator[Token]:
    before = ""
    for token in tokens:
        yield Token(_kind(token, before), token.start[0], function)
        before = token.string


def _kind(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.NAME:
        return token.string if token.string in _KEPT or before == "." else "v"
    if token.type == tokenize.NUMBER:
        return "n"
    # From Python 3.12 on an f-string comes in pieces.
    is_text = token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING")
    return "s" if is_text else token.string
