"""The house rules that a program can check: which way imports run, how large files are, what must be there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
GRADER = PROJECT / "grader"

# As docs/architecture.md draws it, from the ground up; what stands beside grade serves the commands.
LEVELS: list[set[str]] = [
    {"errors"},
    {"results", "lines"},
    {"language"},
    {"worker", "lab", "intake", "analysis", "similarity", "tracking"},
    {"checks", "training", "rubric", "render"},
    {
        "grade",
        "environment",
        "facts",
        "doctor",
        "models",
        "demo",
        "progress",
        "practice",
        "feedback",
        "assign",
        "platforms",
    },
    {"batch", "selftest", "experiment"},
    {"exporting", "calibrate"},
    {"cli"},
]
LEVEL = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
ENTRANCES = {"__init__", "__main__"}  # of the package itself: a version, and the way into cli

OWN = ["grader", "labs", "solutions", "tests", "fixtures/make_tiny_gpt2", "bench"]


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of the project under some folders."""
    return sorted(
        path for folder in folders for path in (PROJECT / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def imports(path: Path, project: Path = PROJECT) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything that a file imports, also inside functions and under TYPE_CHECKING."""
    package = list(path.relative_to(project).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), path.name)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *(node.module or "").split(".")]).rstrip(".")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def room_of(path: Path) -> str:
    """Return the top folder or module under grader/ that a file belongs to."""
    return path.relative_to(GRADER).parts[0].removesuffix(".py")


def rooms_imported(path: Path, project: Path = PROJECT) -> Iterator[tuple[int, str]]:
    """Yield line and room of each import of the engine; the package's own name (its version) is no room."""
    for line, name in imports(path, project):
        top, _, rest = name.partition(".")
        if top == "grader" and rest and not rest.startswith("__"):
            yield line, rest.partition(".")[0]


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {room_of(path) for path in python_files("grader")} - ENTRANCES
    assert rooms - LEVEL.keys() == set()


@pytest.mark.parametrize("path", python_files("grader"), ids=lambda path: str(path.relative_to(GRADER)))
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ENTRANCES:
        return
    wrong = [
        f"{path.relative_to(PROJECT)}:{line} imports {other}"
        for line, other in rooms_imported(path)
        if other != room and not may_import(room, other)
    ]
    assert wrong == []


def may_import(room: str, other: str) -> bool:
    """Tell whether a room may import another: only from below, but what stands around grade may share."""
    around_grade = LEVELS[LEVEL["grade"]]
    return LEVEL[other] < LEVEL[room] or {room, other} <= around_grade


def test_a_wrong_arrow_would_be_seen(tmp_path: Path) -> None:
    room = tmp_path / "grader" / "lab"
    room.mkdir(parents=True)
    lazily = room / "lazy.py"
    lazily.write_text(
        "def f():\n    from grader import results, worker\n    from ..render.html import x\n    import grader.cli\n"
    )
    seen = [other for _, other in rooms_imported(lazily, tmp_path)]
    assert sorted(seen) == ["cli", "render", "results", "worker"]
    assert [other for other in sorted(seen) if not may_import("lab", other)] == ["cli", "render", "worker"]


def test_labs_and_solutions_need_nothing_of_the_engine_but_its_checks() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}:{line} imports {name}"
        for path in python_files("labs", "solutions")
        for line, name in imports(path)
        if name.partition(".")[0] == "grader" and not f"{name}.".startswith("grader.checks.")
    ]
    assert wrong == []


def test_no_lab_imports_another_or_its_solution() -> None:
    wrong = [
        f"{path.relative_to(PROJECT)}:{line} imports {name}"
        for path in python_files("labs", "solutions")
        for line, name in imports(path)
        if name.partition(".")[0] in {"labs", "solutions", "tests", "fixtures"}
    ]
    assert wrong == []


def test_the_engine_knows_no_lab_by_name() -> None:
    labs = sorted(path.name for path in (PROJECT / "labs").iterdir() if path.is_dir())
    assert labs
    named = [
        f"{path.relative_to(PROJECT)} names {lab}"
        for path in GRADER.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        for lab in labs
        if lab.encode() in path.read_bytes()
    ]
    assert named == []


def test_no_python_file_is_too_long_to_read() -> None:
    long = [
        f"{path.relative_to(PROJECT)}: {lines} lines"
        for path in python_files(*OWN)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert long == []


def test_no_module_is_named_for_holding_anything() -> None:
    shapeless = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert [path for path in python_files(*OWN) if shapeless & {path.stem, *path.relative_to(PROJECT).parts}] == []


@pytest.mark.parametrize(
    "name",
    [
        *("labs", "solutions", "grader", "fixtures", "tests", "bench", "docs", "docs/decisions", ".github"),
        *("conftest.py", "pyproject.toml", "tox.ini", "constraints.txt", "README.md", "LICENSE", "CHANGELOG.md"),
        ".ci/run",
    ],
)
def test_the_top_level_is_complete(name: str) -> None:
    assert (PROJECT / name).exists()
