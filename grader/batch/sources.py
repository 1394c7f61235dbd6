"""The source of each check, as a hash: whoever changes one check has that one graded again, and no other."""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import LabError
from grader.lab import Lab

PREFIX = "test_"


@dataclass
class _File:
    """A file of checks: the functions by name, and all the rest of it, which each of them may use."""

    rest: str
    functions: dict[str, str]
    needs: dict[str, frozenset[str] | None] = field(default_factory=dict)


def hash_checks(lab: Lab) -> dict[str, str]:
    """Return a hash for each check of the lab that pytest runs, by id.

    It covers the check's function, the rest of its file, every other file beside the tests, and the checks that it
    needs. A comment or a line's place is no part of it: the syntax tree is. Raises LabError for what is no Python.
    """
    folders = [folder for folder in (lab.visible_tests, lab.hidden_tests) if folder]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    paths = [path for path in paths if "__pycache__" not in path.parts]
    tests = [path for path in paths if path.name.startswith(PREFIX) and path.suffix == ".py"]
    shared = _digest([_content(path) for path in paths if path not in tests])
    files = [_split(path) for path in tests]
    ids = [id for task in lab.spec.tasks for id in task.points_by_id() if id.partition(".")[2] not in task.measures]
    own = {id: _own_source(id, files, shared) for id in ids}
    return {id: _digest(own[other] for other in sorted(_closure(id, ids, files))) for id in ids}


def _own_source(id: str, files: list[_File], shared: str) -> str:
    """Return the parts of a check, wherever functions of its name are; where there is none, all of all files."""
    name = PREFIX + id.partition(".")[2]
    holding = [file for file in files if name in file.functions]
    if not holding:
        return _digest([shared, *(part for file in files for part in (file.rest, *file.functions.values()))])
    return _digest([shared, *(part for file in holding for part in (file.rest, file.functions[name]))])


def _closure(id: str, ids: Iterable[str], files: list[_File]) -> set[str]:
    """Return a check and all that it needs, directly or not; where that cannot be read, all checks."""
    found, pending = set[str](), [id]
    while pending:
        current = pending.pop()
        found.add(current)
        for file in files:
            needed = file.needs.get(PREFIX + current.partition(".")[2], frozenset())
            if needed is None:
                return set(ids)
            pending += (needed & set(ids)) - found
    return found


def _split(path: Path) -> _File:
    tree = _parse(path)
    constants = _constants(tree)
    functions, needs, rest = dict[str, str](), dict[str, frozenset[str] | None](), []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX):
            functions[node.name] = functions.get(node.name, "") + ast.dump(node)
            needs[node.name] = _needs(node, constants)
        else:
            rest.append(ast.dump(node))
    return _File(_digest(rest), functions, needs)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {target.id: node.value for node in assigned for target in node.targets if isinstance(target, ast.Name)}


def _needs(function: ast.FunctionDef, constants: Mapping[str, ast.expr]) -> frozenset[str] | None:
    """Return the ids in a check's `needs`, or None where they are not written out in its file."""
    calls = [decorator for decorator in function.decorator_list if isinstance(decorator, ast.Call)]
    values = [keyword.value for call in calls for keyword in call.keywords if keyword.arg in ("needs", None)]
    needed = set[str]()
    for value in values:
        written = constants.get(value.id) if isinstance(value, ast.Name) else value
        try:
            read = ast.literal_eval(written) if written is not None else None
        except ValueError:
            read = None
        if isinstance(read, str):
            needed.add(read)
        elif isinstance(read, tuple | list):
            needed |= {str(name) for name in read}
        else:
            return None
    return frozenset(needed)


def _content(path: Path) -> str:
    if path.suffix == ".py":
        return f"{path.name}:{ast.dump(_parse(path))}"
    return f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise LabError(f"{path}: not valid Python: {error}.") from error


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()
