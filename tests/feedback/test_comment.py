"""The comment workflow's own step, against a GitHub on this machine: one comment, and nothing taken on trust."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt

from grader.errors import UsageError
from grader.feedback.comment import NEEDED, comment
from grader.lab.folders import PROJECT
from grader.language import ENGLISH
from grader.render.comment import MARKER, render_comment
from grader.results import Outcome, Result, encode
from tests.feedback.github import FORK, OTHER, REPOSITORY, SHA, TOKEN, GitHub, serve
from tests.feedback.scratch import INSTALL, Ended, Job
from tests.feedback.test_artifact import pack
from tests.render.hostile import ATTACKS
from tests.render.sample import SAMPLE, change_texts, with_outcome

RUN_URL = "https://github.com/course/labs/actions/runs/42"
BOT, MALLORY = {"login": "github-actions[bot]"}, {"login": "mallory"}
RUN = {
    "id": 42,
    "event": "pull_request",
    "head_sha": SHA,
    "head_branch": "main",
    "html_url": RUN_URL,
    "head_repository": FORK,
    "pull_requests": [],
}


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A GitHub with one open pull request from a fork, whose run uploaded the sample's result."""
    with serve(GitHub()) as github:
        github.zip = pack({"week07/result.json": encode(SAMPLE), "number.txt": b"6"})
        yield github


def run_workflow(github: GitHub, folder: Path, run: dict[str, Any] = RUN, **environment: str) -> Ended:
    """Run the `run:` steps of comment.yml on an event."""
    event = folder / "event.json"
    event.write_text(json.dumps({"action": "completed", "workflow_run": run}))
    (folder / "checkout").mkdir(exist_ok=True)
    attempt = len(list(folder.glob("temp*")))
    return Job("comment.yml", "comment").run(
        folder / "checkout",
        folder / f"temp{attempt}",
        GITHUB_API_URL=github.url,
        GITHUB_REPOSITORY=REPOSITORY,
        GITHUB_EVENT_PATH=str(event),
        GITHUB_TOKEN=TOKEN,
        **environment,
    )


def test_the_comment_is_posted_once_and_updated_ever_after(github: GitHub, tmp_path: Path) -> None:
    github.comments = [
        {"id": 1, "user": MALLORY, "body": f"{MARKER} mine now"},
        {"id": 2, "user": None, "body": None},
        *({"id": 10 + i, "user": MALLORY, "body": "chat"} for i in range(120)),
    ]
    first = run_workflow(github, tmp_path)
    assert (first.code, first.log) == (0, "Commented on pull request 5.\n")
    body = github.comments[-1]["body"]
    assert body.startswith(f"{MARKER}\n\n## ada-lovelace: 28.5/76")
    assert f"[the pull request's own run]({RUN_URL})" in body

    github.zip = pack({"week07/result.json": encode(with_outcome(SAMPLE, Outcome.PASSED))})
    assert run_workflow(github, tmp_path).log == "Updated the comment on pull request 5.\n"
    ours = [comment for comment in github.comments if comment["user"] == BOT]
    assert len(ours) == 1
    assert "Every check that could be decided passes" in ours[0]["body"]
    assert github.comments[0]["body"] == f"{MARKER} mine now"


@pytest.mark.parametrize("by", ["the lab's setting", "GRADER_LANG"])
def test_the_comment_speaks_the_language_of_the_course(github: GitHub, tmp_path: Path, by: str) -> None:
    if by == "the lab's setting":
        lab = shutil.copytree(PROJECT / "labs" / "week07", tmp_path / "checkout" / "labs" / "week07")
        toml = (lab / "lab.toml").read_text()
        (lab / "lab.toml").write_text(toml.replace("default = true", 'default = true\nlanguage = "es"'))
    run_workflow(github, tmp_path, GRADER_LANG="es" if by == "GRADER_LANG" else "")
    body = github.comments[-1]["body"]
    assert "### Qué sigue" in body
    assert "What next" not in body
    assert f"({RUN_URL})" in body
    assert "Updated with each push" not in body


@pytest.mark.parametrize("lab", ["../../etc", "/etc", "nolab", "week07/../week07"])
def test_the_name_of_a_lab_in_an_artifact_opens_nothing(github: GitHub, tmp_path: Path, lab: str) -> None:
    github.zip = pack({"week07/result.json": encode(msgspec.structs.replace(SAMPLE, lab=lab))})
    ended = run_workflow(github, tmp_path)
    assert (ended.code, ended.log) == (0, "Commented on pull request 5.\n")


def test_the_token_does_not_leave_for_where_the_artifact_lies(github: GitHub, tmp_path: Path) -> None:
    run_workflow(github, tmp_path)
    assert github.storage_headers
    assert TOKEN not in json.dumps(github.storage_headers)


@pytest.mark.parametrize(
    "pulls",
    [
        [],
        [{"number": 5, "head": {"sha": OTHER, "repo": FORK}}],
        [{"number": 5, "head": {"sha": SHA, "repo": None}}],
        [{"number": 5, "head": {"sha": SHA, "repo": FORK | {"id": 78}}}],
        [{"number": 5, "head": {"sha": SHA, "repo": FORK}}, {"number": 6, "head": {"sha": SHA, "repo": FORK}}],
    ],
    ids=["none", "a newer commit", "fork gone", "another fork", "two"],
)
def test_a_pull_request_that_is_not_surely_the_runs_gets_no_comment(
    github: GitHub, tmp_path: Path, pulls: list[dict[str, Any]]
) -> None:
    github.pulls = pulls
    ended = run_workflow(github, tmp_path)
    assert (ended.code, github.comments) == (0, [])
    assert not any("artifacts" in asked for asked in github.asked), "nothing untrusted was even fetched"


@pytest.mark.parametrize("change", [{"event": "push"}, {"head_repository": None}])
def test_a_run_of_another_kind_gets_no_comment(github: GitHub, tmp_path: Path, change: dict[str, Any]) -> None:
    ended = run_workflow(github, tmp_path, RUN | change)
    assert (ended.code, github.comments, github.asked) == (0, [], [])


@pytest.mark.parametrize(
    "artifacts",
    [
        [],
        [{"id": 9, "name": "feedback", "size_in_bytes": 10, "expired": True}],
        [{"id": 9, "name": "other", "size_in_bytes": 10, "expired": False}],
    ],
)
def test_a_run_without_results_gets_no_comment(github: GitHub, tmp_path: Path, artifacts: list[dict[str, Any]]) -> None:
    github.artifacts = artifacts
    ended = run_workflow(github, tmp_path)
    assert (ended.code, github.comments) == (0, [])


@pytest.mark.parametrize(
    ("zip", "size"), [(b"PK\x03\x04 no zip", 10), (b"", 9 << 20), (pack({"week07/result.json": b"{}"}), 10)]
)
def test_a_forged_artifact_gives_one_sentence_and_no_comment(
    github: GitHub, tmp_path: Path, zip: bytes, size: int
) -> None:
    github.zip, github.artifacts[0]["size_in_bytes"] = zip, size
    ended = run_workflow(github, tmp_path)
    assert (ended.code, github.comments) == (2, [])
    assert ended.log.startswith("grader: ")
    assert len(ended.log.splitlines()) == 1


def test_an_api_that_refuses_is_our_fault_and_one_sentence(github: GitHub, tmp_path: Path) -> None:
    ended = run_workflow(github, tmp_path, RUN | {"id": 43})
    assert ended.code == 3
    assert "GitHub did not do GET actions/runs/43/artifacts" in ended.log
    assert TOKEN not in ended.log


@pytest.mark.parametrize("event", [None, "{}", "[", '{"workflow_run": {"id": "42"}}'])
def test_outside_of_its_workflow_it_says_so_in_one_sentence(tmp_path: Path, event: str | None) -> None:
    path = tmp_path / "event.json"
    if event is not None:
        path.write_text(event)
    with pytest.raises(UsageError, match="is no workflow_run event"):
        comment(dict.fromkeys(NEEDED, "x") | {"GITHUB_EVENT_PATH": str(path)})
    with pytest.raises(UsageError, match="here there is no GITHUB_API_URL, GITHUB_TOKEN"):
        comment({"GITHUB_EVENT_PATH": str(path), "GITHUB_REPOSITORY": "x"})


def test_the_comment_needs_none_of_the_libraries_that_its_workflow_does_not_install() -> None:
    code = "import sys, grader.cli, grader.feedback.comment; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    named = re.findall(r"^    \"([a-z0-9-]+)", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {"torch", "msgspec", "typer"} <= set(named)
    installed = {"babel", "msgspec", "pydantic", "rich", "typer"}  # babel is imported for another language only
    assert set(named) & set(ended.stdout.split()) == installed - {"babel"}
    [step] = [step for step in Job("comment.yml", "comment").job["steps"] if step.get("name") == INSTALL]
    assert f"pip install $pins {' '.join(sorted(installed))}\n" in step["run"]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_is_text_in_the_comment(attack: str) -> None:
    body = render_comment([(change_texts(SAMPLE, lambda _: attack), ENGLISH)], RUN_URL)
    assert len(body.encode()) <= 65_536
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    assert [token.content for token in tokens if token.type == "html_block"] == [f"{MARKER}\n"]
    links = [child.attrs["href"] for token in tokens for child in token.children or [] if child.type == "link_open"]
    assert links == [RUN_URL]
    assert not [child for token in tokens for child in token.children or [] if child.type in ("html_inline", "image")]
    assert body.count(MARKER) == 1


def test_a_comment_grows_no_longer_than_github_takes() -> None:
    def many(checks: int, letters: int) -> Result:
        result = change_texts(SAMPLE, lambda _: "<" * letters)
        task = result.tasks[0]
        return msgspec.structs.replace(
            result, tasks=[msgspec.structs.replace(task, checks=list(task.checks) * checks)] * 20
        )

    for checks, labs in ((1, 1), (5, 3), (200, 10)):
        assert len(render_comment([(many(checks, 1000), ENGLISH)] * labs, RUN_URL).encode()) <= 65_536
