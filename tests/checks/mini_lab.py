"""A lab of a few lines in a temporary folder, whose checks can end in every way there is."""

import subprocess
import sys
from pathlib import Path

from grader.checks import journal
from grader.checks.reports import merge
from grader.results import CheckResult

SPEC = """
lab = "mini"
title = "Mini"
[limits]
call_s = 1.0
check_s = 5.0
[[tasks]]
name = "adding"
title = "Add"
module = "adding"
[tasks.visible]
adds = 20
is_a_property = 20
needs_the_sum = 10
refuses_text = 20
[tasks.hidden]
adds_big_numbers = 30
"""

VISIBLE = """
import pytest
from hypothesis import given, strategies as st
from grader.checks import fail

def check(points, **more):
    return pytest.mark.check(task="adding", points=points, title="T", hint="carry", lesson="README.md#add", **more)

@check(20)
def test_adds(submission):
    assert submission.adding.add(2, 2) == 4

@check(20)
@given(a=st.integers(0, 10**6), b=st.integers(0, 10**6))
def test_is_a_property(submission, a, b):
    total = submission.adding.add(a, b)
    if b and total == a:
        fail("The second number is lost.", returned=total, expected=a + b, hint="look at b")
    assert total == a + b

@check(10, needs="adding.adds")
def test_needs_the_sum(submission):
    assert submission.adding.add(1, 1) == 2

@check(20)
def test_refuses_text(submission):
    with pytest.raises(ValueError):
        submission.adding.add("a", 1)
"""

HIDDEN = """
import pytest

@pytest.mark.check(task="adding", points=30, title="Big", hint="no overflow")
def test_adds_big_numbers(submission):
    assert submission.adding.add(10**15, 1) == 10**15 + 1
"""

RIGHT = """
def add(a, b):
    if isinstance(a, str):
        raise ValueError("text")
    return a + b
"""


class MiniLab:
    """The lab's folders, and how to run its checks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "labs" / "mini"
        self._write(self.folder / "lab.toml", SPEC)
        self._write(self.folder / "tests" / "test_adding.py", VISIBLE)
        self._write(root / "solutions" / "mini" / "tests" / "test_adding_hidden.py", HIDDEN)

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def submit(self, source: str) -> Path:
        """Make a submission of one module; return its folder."""
        self._write(self.root / "submission" / "adding.py", source)
        return self.root / "submission"

    def pytest(self, *args: str, boundary: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run pytest as a student or as the grader would, with the plugin and no conftest of this project."""
        command = [sys.executable, "-m", "pytest", "-p", "grader.checks.plugin", "--import-mode=importlib", "-q"]
        command += ["-p", "no:cacheprovider", f"--rootdir={self.root}"]
        if boundary:
            command += ["--boundary", boundary]
        return subprocess.run([*command, *args], cwd=self.root, capture_output=True, text=True, timeout=120)

    def check(self, source: str, *args: str, boundary: str | None = None) -> dict[str, CheckResult]:
        """Run visible and hidden checks on a module; return the outcomes by the check's name."""
        path = self.root / "journal.jsonl"
        path.unlink(missing_ok=True)
        tests = ["labs/mini", "solutions/mini"]
        ended = self.pytest(
            *tests, "--submission", str(self.submit(source)), "--journal", str(path), *args, boundary=boundary
        )
        decided = merge(event.result for event in journal.read(path) if isinstance(event, journal.Decided))
        assert decided, ended.stdout + ended.stderr
        return {id.partition(".")[2]: result for id, result in decided.items()}
