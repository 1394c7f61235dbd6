"""Our CI files against their published schemas, and the promises that docs/ci.md makes of them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.lab.folders import PROJECT
from tests.feedback.scratch import WORKFLOWS

FILES = sorted(WORKFLOWS.glob("*.yml"))


def load(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize(
    ("path", "schema"),
    [*((path, "github-workflows") for path in FILES), (PROJECT / ".gitlab-ci.yml", "gitlab-ci")],
    ids=lambda value: Path(value).name,
)
def test_it_fits_the_published_schema(path: Path, schema: str) -> None:
    more = ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *more, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_schema_would_see_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((WORKFLOWS / "feedback.yml").read_text().replace("runs-on:", "run-on:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(wrong)]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_leaves_no_token_behind(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: *(\S+)(.*)", text)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", version) for _, version in used)
    for job in load(path)["jobs"].values():
        checkouts = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    scripts = [step["run"] for job in load(path)["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_feedback_reads_and_knows_no_secret() -> None:
    path = WORKFLOWS / "feedback.yml"
    workflow = load(path)
    assert workflow[True] == {"pull_request": None}  # YAML 1.1 reads `on` so
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    assert not re.search(r"secrets\.|github\.token|GITHUB_TOKEN|pull_request_target", path.read_text())


def test_only_the_comment_may_write_and_it_runs_nothing_of_the_pull_request() -> None:
    workflow = load(WORKFLOWS / "comment.yml")
    assert set(workflow[True]) == {"workflow_run"}
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    (checkout,) = [step for step in job["steps"] if "actions/checkout@" in step.get("uses", "")]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert not any("download-artifact" in step.get("uses", "") for step in job["steps"])
    assert load(WORKFLOWS / "feedback.yml")["name"] in workflow[True]["workflow_run"]["workflows"]


def test_a_pull_request_of_a_fork_gets_no_python_in_its_own_folder() -> None:
    steps = load(WORKFLOWS / "feedback.yml")["jobs"]["grade"]["steps"]
    python = [step for step in steps if re.search(r"\b(python|pip|grader)\b", step.get("run", ""))]
    assert len(python) == 2
    assert {step["working-directory"] for step in python} == {"${{ runner.temp }}/base"}
