"""Babel extraction methods: the sentences that a result may hold, and the titles of a lab.toml.

A result is written in English, whoever reads it (docs/decisions/0030): its sentences are looked up when it is shown.
Such a sentence is an f-string or a plain text in our sources and in a lab's tests; `gettext` is not called there.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import IO

from grader.language.sentences import FEWEST_LETTERS

Found = Iterator[tuple[int, str, str, list[str]]]  # line, function, message, comments: what Babel asks for

# A lab's tests hold data too, which may look like sentences: there the place tells what a student is told.
_CALLS = {"fail", "not_attempted"}
_NAMES = {"hint", "hints", "message", "direction", "run"}
_TABLES = re.compile(r"[A-Z_]*(HINTS?|RULES|MEANINGS?|DAMAGED)")
_SENTENCE = re.compile(r"(?=.* )[\w{`“].*([.!?…:]|: \{\w+\})", re.DOTALL)
_VALUE = re.compile(r"\{\w*\}")


def extract_sentences(stream: IO[bytes], keywords: object, tags: object, options: object) -> Found:
    """Yield the sentences of one of our own modules: every text that begins and ends like one and is no docstring."""
    tree = ast.parse(stream.read())
    for text in _texts(tree, _docstrings(tree)):
        if _SENTENCE.fullmatch(message := template_of(text)) and _letters(message) >= FEWEST_LETTERS:
            yield text.lineno, "", message, []
    for place in _named(tree):
        for text in _texts(place, set()):
            yield text.lineno, "", template_of(text), []


def extract_checks(stream: IO[bytes], keywords: object, tags: object, options: object) -> Found:
    """Yield what a lab's tests tell a student: titles, hints, where to read, diagnoses, messages of assertions."""
    tree = ast.parse(stream.read())
    for place in _told(tree):
        for text in _texts(place, set()):
            message = template_of(text)
            if _letters(message) >= FEWEST_LETTERS:
                yield text.lineno, "", message, []


def extract_stubs(stream: IO[bytes], keywords: object, tags: object, options: object) -> Found:
    """Yield what a lab's stubs say of themselves: the messages of their NotImplementedErrors."""
    for node in ast.walk(ast.parse(stream.read())):
        match node:
            case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"), args=[ast.Constant() as message])):
                yield message.lineno, "", template_of(message), []


def extract_titles(stream: IO[bytes], keywords: object, tags: object, options: object) -> Found:
    """Yield the titles of a lab.toml: the lab's, its tasks' with where to read, its criteria's with their levels, its
    manual lines'."""
    table = tomllib.loads(stream.read().decode("utf-8"))
    for entry in [table, *table["tasks"], *table.get("criteria", []), *table.get("manual", [])]:
        yield from ((1, "", entry[key], []) for key in ("title", "lesson") if key in entry)
        yield from ((1, "", name.replace("_", " ").capitalize(), []) for name in entry.get("measures", ()))


def extract_hints(stream: IO[bytes], keywords: object, tags: object, options: object) -> Found:
    """Yield what a table of a lab's held-out data tells a student: each `hint`."""
    tables = [table for table in tomllib.loads(stream.read().decode("utf-8")).values() if isinstance(table, dict)]
    yield from ((1, "", table["hint"], []) for table in tables if isinstance(table.get("hint"), str))


def template_of(text: ast.expr) -> str:
    """Return a text as a message: a value of an f-string is named by its variable or attribute, else by its place."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    assert isinstance(text, ast.JoinedStr)
    parts: list[str] = []
    names: list[str] = []
    for piece in text.values:
        if isinstance(piece, ast.Constant):
            parts.append(str(piece.value).replace("{", "{{").replace("}", "}}"))
        elif isinstance(piece, ast.FormattedValue):
            name = _name(piece.value)
            names.append(name if name and name not in names else f"value{len(names) + 1}")
            parts.append(f"{{{names[-1]}}}")
    return "".join(parts)


def _letters(message: str) -> int:
    return sum(char.isalpha() for char in _VALUE.sub("", message))


def _name(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=ast.Name(id=table)) if _TABLES.fullmatch(table):
            return table.lower()
    return ""


def _texts(tree: ast.AST, left_out: set[ast.AST]) -> Iterator[ast.expr]:
    """Yield the outermost texts below a node: an f-string, not the pieces it is made of."""
    if tree in left_out:
        return
    if isinstance(tree, ast.JoinedStr) or (isinstance(tree, ast.Constant) and isinstance(tree.value, str)):
        yield tree
        return
    for child in ast.iter_child_nodes(tree):
        yield from _texts(child, left_out)


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _named(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions in our own modules whose texts are titles or parts of sentences."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_pair"), args=[first, *_]):
                yield first
            case ast.Call(func=ast.Name(id="noop"), args=[ast.JoinedStr() as first]):
                yield first
            case ast.keyword(arg="title", value=value):
                yield value


def _told(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the expressions whose texts a student is told."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _CALLS:
                yield first
            case ast.keyword(arg="title" | "hint", value=value):
                yield value
            case ast.keyword(arg="lesson", value=ast.Constant() as value):
                yield value
            case ast.Assign(targets=[ast.Name(id="LESSON")], value=ast.Constant() as value):
                yield value
            case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name(id=name), args=[ast.Constant() as first, *_])]):
                yield from [first] if name.startswith("_") else []  # a marker that the file itself builds
            case ast.Assert(msg=ast.expr() as message):
                yield message
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(values=values)) if _TABLES.fullmatch(name):
                yield from values
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMES:
                yield value
