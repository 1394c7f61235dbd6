"""Where one submission is graded for a platform: `grader grade --format github`, and Classroom 50's autograder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.lab.folders import PROJECT
from tests.feedback.scratch import Repository

WRONG = "def steps_per_epoch(num_examples, batch_size):\n    return num_examples // batch_size\n"
RUNNER = {
    "CLASSROOM": "nlp",
    "ASSIGNMENT": "warm-up",
    "SUBMISSION_TAG": "submit/20261122T101500Z-abcdef0",
    "COMMIT_URL": "https://github.com/o/r/commit/abcdef0",
    "RELEASE_URL": "https://github.com/o/r/releases/tag/submit",
    "REVIEW_URL": "",
}


def run(command: list[str | Path], cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    environ = os.environ | environment
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300)


def test_a_grading_for_github_names_paths_from_the_repositorys_root(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", "week00")
    (repository.folder / "warmup.py").write_text(WRONG)
    summary = tmp_path / "summary.md"
    environment = {"GITHUB_WORKSPACE": str(repository.root), "GITHUB_STEP_SUMMARY": str(summary)}
    lab = str(PROJECT / "labs" / "week00")
    where = ["--lab", lab, "--out", str(tmp_path / "out"), "--format", "github"]
    ended = run([sys.executable, "-m", "grader", "grade", repository.folder, *where], tmp_path, **environment)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("::error file=labs/week00/warmup.py,line=1,title=Not right yet%3A ")
    assert all(line.startswith("::") for line in lines)
    assert summary.read_text().startswith("## week00: ")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "No lab was changed, so nothing was graded."),
        ("es", "No cambió ningún laboratorio, así que no se evaluó nada."),
    ],
)
def test_a_tree_without_a_change_is_told_so(tmp_path: Path, lang: str, said: str) -> None:
    repository = Repository(tmp_path / "repository", "week00")
    same = ["grade", str(repository.root), "--base", str(repository.root), "--out", str(tmp_path / "out")]
    ended = run([sys.executable, "-m", "grader", "feedback", *same], tmp_path, GRADER_LANG=lang)
    assert (ended.returncode, ended.stdout) == (0, f"{said}\n")
    assert (tmp_path / "out" / "summary.md").read_text() == f"{said}\n"


def test_classroom_50s_runner_gets_its_result_and_a_text_for_the_release(tmp_path: Path) -> None:
    bundle, student = (Repository(tmp_path / name, "week00", solutions=False) for name in ("bundle", "student"))
    shutil.copy(PROJECT / ".github" / "classroom50" / "autograder.py", bundle.root)
    (student.folder / "warmup.py").write_text(WRONG)
    (student.root / "grader.py").write_text("raise SystemExit('imported')")
    precious = tmp_path / "precious.md"
    precious.write_text("mine")
    (student.root / "release-body.md").symlink_to(precious)
    environment = RUNNER | {"CLASSROOM50_BUNDLE_DIR": str(bundle.root), "GRADER_LAB": "week00"}
    ended = run([sys.executable, bundle.root / "autograder.py"], student.root, **environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result = json.loads((student.root / "result.json").read_text())
    assert result["schema"] == "classroom50/result/v1"
    assert (result["classroom"], result["assignment"]) == ("nlp", "warm-up")
    assert [test["test-name"] for test in result["tests"]][:1] == ["warmup.every_example_has_its_step"]
    assert 0 <= result["score"] < result["max-score"] == 8000
    assert (student.root / "release-body.md").read_text().startswith("## week00: ")
    assert precious.read_text() == "mine"
