"""What a student's loop says at its end, however it is run: in part, stopped early, in a debugger, without colour."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.checks.mini_lab import MiniLab

PROJECT = Path(__file__).resolve().parents[2]
WRONG = "def add(a, b):\n    if isinstance(a, str):\n        raise ValueError(a)\n    return a\n"
PLUGINS = ("-p", "grader.checks.plugin", "-p", "grader.practice.plugin")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> MiniLab:
    """A mini lab with a wrong sum; only the check of its texts passes."""
    lab = MiniLab(tmp_path_factory.mktemp("loop"))
    (lab.folder / "adding.py").write_text(WRONG)
    return lab


def run(lab: MiniLab, *args: str, typed: str = "", ends: int = 1, environment: Mapping[str, str] | None = None) -> str:
    """Run pytest as a student does, its cache included; return what it printed (on stderr where it did not run)."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        *PLUGINS,
        "--import-mode=importlib",
        f"--rootdir={lab.root}",
        "labs/mini",
    ]
    ended = subprocess.run(
        [*command, *args],
        cwd=lab.root,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == ends, ended.stdout + ended.stderr
    return ended.stderr if ends == pytest.ExitCode.USAGE_ERROR else ended.stdout


def test_a_whole_run_then_what_failed_last_and_nothing_is_said_twice(lab: MiniLab) -> None:
    whole = run(lab, "-q")
    assert "So far             1/4    20/70" in whole
    assert "30 more points wait for hidden checks, which the grader adds." in whole
    assert whole.count("What came back is not what was expected.") == 1
    assert "short test summary" not in whole
    assert "visible checks" not in whole
    again = run(lab, "-q", "--lf")
    assert "So far             0/2     0/40" in again
    assert "This run was of 2 of the 4 visible checks." in again


def test_a_selection_that_passes_does_not_speak_for_the_whole_lab(lab: MiniLab) -> None:
    text = run(lab, "-q", "-k", "refuses", ends=0)
    assert "Every check of this selection passed: 20/20 points.\nThis run was of 1 of the 4 visible checks." in text


def test_the_report_of_a_practice_run_replaces_no_class_page(lab: MiniLab) -> None:
    page = lab.root / "reports" / "mini" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("the class")
    text = run(lab, "-q")
    assert page.read_text() == "the class"
    assert "Report: reports/practice/mini/index.html" in text
    written = (lab.root / "reports" / "practice" / "mini" / "index.html").read_text(encoding="utf-8")
    assert "not needed for practice" in written


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def add(a, b:\n    return a + b\n", "SyntaxError: line 1"),
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise KeyError('too early')\n", "KeyError: 'too early'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_once(tmp_path: Path, source: str, said: str) -> None:
    lab = MiniLab(tmp_path)
    (lab.folder / "adding.py").write_text(source)
    text = " ".join(run(lab, "-q").split())
    assert f" adding.py cannot be imported: {said}" in text
    assert text.count("cannot be imported") == 1
    assert "called" not in text
    assert "hint Mend adding.py first: 2 more checks wait for it." in text
    assert "3 failed, 1 blocked" in text  # the fourth waits for the first by its own marker


def test_an_error_in_a_function_is_no_failure_to_import(tmp_path: Path) -> None:
    lab = MiniLab(tmp_path)
    (lab.folder / "adding.py").write_text("def add(a, b):\n    import nothing_of_this_name\n")
    text = run(lab, "-q")
    assert "cannot be imported" not in text
    assert "  called    add(2, 2)\n" in text


@pytest.mark.parametrize("arguments", [["--lang", "fr"], []])
def test_a_language_that_there_is_not_is_one_sentence(lab: MiniLab, arguments: list[str]) -> None:
    text = run(lab, *arguments, ends=pytest.ExitCode.USAGE_ERROR, environment={"GRADER_LANG": "fr"})
    assert text.strip() == "ERROR: There is no language 'fr' here; there is en, es."


def test_a_python_without_the_grader_is_named_in_one_sentence() -> None:
    command = (
        "import sys, pytest; sys.modules['msgspec'] = None; sys.exit(pytest.main(['labs/week00', '--lang', 'es']))"
    )
    ended = subprocess.run([sys.executable, "-c", command], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == pytest.ExitCode.USAGE_ERROR
    assert ended.stderr.strip() == (
        f"ERROR: this pytest belongs to {sys.executable}, which lacks msgspec. "
        "Activate the environment that holds the grader (. .venv/bin/activate), or run .venv/bin/pytest."
    )
    assert "Traceback" not in ended.stdout


def test_a_run_that_stops_at_the_first_failure_in_spanish_by_the_environment(lab: MiniLab) -> None:
    text = run(lab, "-x", environment={"GRADER_LANG": "es"})
    assert "Empieza por aquí" in text
    assert "  Lo que llegó no es lo que se esperaba.\n  llamada   add(2, 2)\n  devolvió  2\n  esperado  4\n" in text
    assert "Esta ejecución fue de 1 de las 4 comprobaciones visibles." in text
    assert "30 puntos más esperan a las comprobaciones ocultas" in text
    assert '<html lang="es">' in (lab.root / "reports" / "practice" / "mini" / "index.html").read_text(encoding="utf-8")


COLOUR = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
RED = "\x1b[31m"


def test_the_debugger_stops_in_the_check_and_the_summary_comes_after_it(lab: MiniLab) -> None:
    text = run(
        lab,
        "--pdb",
        "-k",
        "test_adds",
        "--lang",
        "en",
        typed="c\n",
        environment={"GRADER_LANG": "es", "NO_COLOR": "", **COLOUR},
    )
    assert text.index("-> assert submission.adding.add(2, 2) == 4") < text.index("Do this first")
    assert RED in text[text.index("Do this first") :]


def test_the_debugger_stops_in_the_students_own_code_where_that_raised(lab: MiniLab) -> None:
    module = lab.folder / "adding.py"
    try:
        module.write_text("def add(a, b):\n    total = 7\n    return total / 0\n")
        text = run(lab, "-x", "--pdb", "-k", "test_adds", typed="p total\nu\nc\n", ends=1)
    finally:
        module.write_text(WRONG)
    stop = text.index("adding.py(3)add()")
    assert text.index("-> return total / 0") > stop
    assert "(Pdb) 7" in text[stop:]


def test_there_is_no_colour_with_no_color(lab: MiniLab) -> None:
    text = run(lab, "-q", "-k", "test_adds", environment={"NO_COLOR": "1", **COLOUR})
    assert RED not in text[text.index("Do this first") :]
