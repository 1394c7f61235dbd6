"""The titles of a lab's visible checks, read from its tests without running them."""

import ast

from grader.lab.folders import Lab


def visible_titles(lab: Lab) -> dict[str, str]:
    """Return the title of each visible check by its id, as the check markers of the tests give it."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(lab.visible_tests.glob("test_*.py"))]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    marked = [
        (function, {word.arg: word.value for word in decorator.keywords})
        for function in functions
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
    ]
    return {
        f"{task}.{function.name.removeprefix('test_')}": str(title)
        for function, words in marked
        if (task := _text(words.get("task"))) and (title := _text(words.get("title")))
    }


def _text(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
