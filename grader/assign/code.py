"""What of a Python file may be an answer: the bodies of its functions, token by token."""

import ast
import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\w+|[^\w\s]")


def function_bodies(source: str) -> Iterator[list[ast.stmt]]:
    """Yield the statements of each function, without its docstring: signatures and docstrings are promises, and stubs
    make them too. Raises SyntaxError."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.body[1:] if ast.get_docstring(node) is not None else node.body


def tokens_of(text: str) -> list[str]:
    """Return words and signs, so that spaces and line breaks make no difference."""
    return _TOKEN.findall(text)
