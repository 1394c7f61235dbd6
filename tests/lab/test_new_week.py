"""docs/lab-author.md makes a lab: what stands on the page, put into files, works from every side."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.assign.release import write_release
from grader.checks import journal
from grader.checks.reports import merge
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import CheckResult, Outcome, decode

PAGE = PROJECT / "docs" / "lab-author.md"
FILE = re.compile(r"`((?:labs|solutions)/week08/[\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The page's lab, in a project of its own."""
    files = FILE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(files) == 6
    for name, content in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return find_lab(str(tmp_path / "labs" / "week08"))


def check(lab: Lab, submission: Path, journal_path: Path) -> dict[str, CheckResult]:
    """Run the lab's visible and hidden checks; return their results by id."""
    command = [sys.executable, "-m", "pytest", str(lab.visible_tests), str(lab.hidden_tests)]
    command += ["--submission", str(submission), "--journal", str(journal_path)]
    command += ["-p", "grader.checks.plugin", "-p", "no:cacheprovider", "--noconftest", "-q"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    events = list(journal.read(journal_path))
    assert events, ended.stdout + ended.stderr
    return merge(event.result for event in events if isinstance(event, journal.Decided))


def test_the_stub_is_not_attempted_and_the_reference_earns_every_point(lab: Lab, tmp_path: Path) -> None:
    assert lab.solutions
    stubs = check(lab, lab.folder, tmp_path / "stubs.jsonl")
    assert stubs.keys() == lab.spec.manifest().keys()
    assert {result.outcome for result in stubs.values()} == {Outcome.NOT_ATTEMPTED}
    right = check(lab, lab.solutions, tmp_path / "right.jsonl")
    assert {id: result.points for id, result in right.items()} == lab.spec.manifest()


def test_a_careless_solution_loses_the_hidden_check_alone(lab: Lab, tmp_path: Path) -> None:
    assert lab.solutions
    careless = tmp_path / "careless"
    careless.mkdir()
    right = (lab.solutions / "temperature.py").read_text(encoding="utf-8")
    (careless / "temperature.py").write_text(right.replace("(score - highest)", "score"), encoding="utf-8")
    results = check(lab, careless, tmp_path / "careless.jsonl")
    lost = [id for id, result in results.items() if result.points == 0]
    assert lost == ["temperature.large_scores_do_not_overflow"]


def test_it_is_graded_by_the_real_command(lab: Lab, tmp_path: Path) -> None:
    assert lab.solutions
    command = [sys.executable, "-m", "grader", "grade", str(lab.solutions), "--lab", str(lab.folder)]
    command += ["--out", str(tmp_path / "reports"), "--format", "json"]
    ended = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, timeout=300)
    assert ended.returncode == 0, ended.stderr.decode()
    result = decode(ended.stdout)
    assert (result.lab, result.score, result.training) == ("week08", 100, None)
    assert sorted(path.name for path in (tmp_path / "reports/week08/week08").iterdir()) == ["index.html", "result.json"]


def test_a_students_copy_holds_no_answer(lab: Lab, tmp_path: Path) -> None:
    written = write_release(lab, tmp_path / "copy", git=False)
    assert Path("labs/week08/temperature.py") in written
    assert not any("solutions" in path.parts for path in written)
