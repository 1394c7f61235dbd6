"""Compares a stub with its solution, line by line."""

from pathlib import Path

from grader.assign.code import function_bodies, tokens_of
from grader.lab import Lab

_LEAST_TOKENS = 4  # `return None` and `else:` are no answers


def find_answers(lab: Lab) -> list[str]:
    """Return a sentence for each line of a stub that is a line of the solution's function bodies."""
    if lab.solutions is None:
        return []
    found = []
    for task in lab.spec.tasks:
        if task.module:
            stub, solution = (side / f"{task.module}.py" for side in (lab.folder, lab.solutions))
            answers = {line for line, _ in _code_lines(solution)}
            found += [
                f"{stub.name}, line {number}, is a line of the solution: {line}"
                for line, number in _code_lines(stub)
                if line in answers
            ]
    return found


def _code_lines(path: Path) -> list[tuple[str, int]]:
    """Return the lines of all function bodies with their numbers, without docstrings, signatures and short ones."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    found = []
    for body in function_bodies(source):
        numbers = {n for statement in body for n in range(statement.lineno, (statement.end_lineno or 0) + 1)}
        found += [(lines[number - 1].strip(), number) for number in sorted(numbers)]
    return [(line, number) for line, number in found if len(tokens_of(line)) >= _LEAST_TOKENS]
