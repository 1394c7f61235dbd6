"""What a student's loop says at its end, however it is run: in part, stopped early, in a debugger, without colour."""

import os
import subprocess
import sys
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


def run(lab: MiniLab, *args: str, typed: str = "", **environment: str) -> str:
    """Run pytest as a student does, its cache included; return what it printed."""
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
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout


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


def test_a_run_that_stops_at_the_first_failure_in_spanish_by_the_environment(lab: MiniLab) -> None:
    text = run(lab, "-x", GRADER_LANG="es")
    assert "Empieza por aquí" in text
    assert "  Lo que llegó no es lo que se esperaba.\n  llamada   add(2, 2)\n  devolvió  2\n  esperado  4\n" in text
    assert "Esta ejecución fue de 1 de las 4 comprobaciones visibles." in text
    assert "30 puntos más esperan a las comprobaciones ocultas" in text
    assert '<html lang="es">' in (lab.root / "reports" / "mini" / "index.html").read_text(encoding="utf-8")


COLOUR = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
RED = "\x1b[31m"


def test_the_debugger_stops_in_the_check_and_the_summary_comes_after_it(lab: MiniLab) -> None:
    text = run(lab, "--pdb", "-k", "test_adds", "--lang", "en", typed="c\n", GRADER_LANG="es", NO_COLOR="", **COLOUR)
    assert text.index("-> assert submission.adding.add(2, 2) == 4") < text.index("Do this first")
    assert RED in text[text.index("Do this first") :]


def test_there_is_no_colour_with_no_color(lab: MiniLab) -> None:
    text = run(lab, "-q", "-k", "test_adds", NO_COLOR="1", **COLOUR)
    assert RED not in text[text.index("Do this first") :]
