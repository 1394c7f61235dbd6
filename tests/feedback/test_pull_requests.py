"""Our own workflow's steps, run end to end on pull requests in a scratch repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from grader.lab.folders import PROJECT
from grader.results import decode
from tests.feedback.scratch import QUIET, Ended, Job, Repository

SOLUTION = (PROJECT / "solutions" / "week00" / "warmup.py").read_text()
BROKEN = '''"""Half of it."""


def steps_per_epoch(num_examples, batch_size):
    return num_examples // batch_size


def mean_loss(losses):
    return sum(losses) / len(loses)
'''
PWNED = "from pathlib import Path\nPath({path!r}).touch()\n"
HOSTILE = """
import os, sys

ATTACK = "\\n::error file=x.py,line=1::forged\\n::set-output name=x::y\\r\\n##[command]x ::stop-commands::x"
print(ATTACK, flush=True)
os.write(1, ATTACK.encode())
os.write(2, ATTACK.encode())
for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_OUTPUT"):
    try:
        open(os.environ.get(name, "/proc/self/environ"), "a").write("forged")
    except OSError:
        pass


class Forged(Exception):
    pass


Forged.__name__ = ATTACK


def steps_per_epoch(num_examples, batch_size):
    print(ATTACK, flush=True)
    return ATTACK + "<script>alert(1)</script> ![x](https://example.invalid/x.png) @everyone"


def mean_loss(losses):
    raise Forged(ATTACK)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", "week00")


def give_feedback(repository: Repository, **environment: str) -> Ended:
    return Job("feedback.yml", "grade").run(repository.root, repository.root.parent / "temp", **environment)


def test_a_pull_request_that_improves_passes_and_says_so(repository: Repository) -> None:
    repository.commit("stubs")
    (repository.folder / "warmup.py").write_text(SOLUTION)
    repository.propose()
    ended = give_feedback(repository)
    assert (ended.code, ended.commands) == (0, []), ended.log
    assert ended.summary.startswith("## week00: 100/100\n")
    assert decode((ended.temp / "feedback" / "week00" / "result.json").read_bytes()).score == 100
    assert (ended.temp / "feedback" / "week00" / "index.html").stat().st_size > 1000
    assert json.loads((ended.temp / "feedback" / "codequality.json").read_text()) == []


def test_a_pull_request_that_breaks_fails_with_the_lines_at_fault(repository: Repository) -> None:
    (repository.folder / "warmup.py").write_text(SOLUTION)
    repository.commit("solved")
    (repository.folder / "warmup.py").write_text(BROKEN)
    repository.propose()
    ended = give_feedback(repository)
    assert ended.code == 1, ended.log
    found = [re.fullmatch(r"::error file=([\w/.]+),line=(\d+),title=[^:]+::.+", line) for line in ended.commands]
    assert [match.groups() for match in found if match] == [
        ("labs/week00/warmup.py", "4"),  # called with what shows the mistake
        ("labs/week00/warmup.py", "5"),  # raised here
        ("labs/week00/warmup.py", "9"),
        ("labs/week00/warmup.py", "9"),
        ("labs/week00/warmup.py", "9"),
    ]
    assert len(ended.commands) == 5
    assert "### What next" in ended.summary
    below = re.search(r"^Below the threshold: (\d+) of the 60 % needed\.$", ended.summary, re.MULTILINE)
    assert below
    assert f"week00: {below[0]}" in ended.log
    issues = json.loads((ended.temp / "feedback" / "codequality.json").read_text())
    assert {"path": "labs/week00/warmup.py", "lines": {"begin": 9}} in [issue["location"] for issue in issues]


def test_a_lower_threshold_lets_the_same_pass(repository: Repository) -> None:
    repository.commit("stubs")
    (repository.folder / "warmup.py").write_text(BROKEN)
    repository.propose()
    assert give_feedback(repository, FAIL_UNDER="0").code == 0


def test_a_hostile_pull_request_is_graded_by_the_base_and_obeyed_nowhere(repository: Repository) -> None:
    repository.commit("stubs")
    pwned = repository.root.parent / "pwned"
    (repository.folder / "warmup.py").write_text(HOSTILE)
    for name in ("grader/__init__.py", "pytest.py", "sitecustomize.py", "conftest.py", "labs/week00/conftest.py"):
        (repository.root / name).parent.mkdir(exist_ok=True)
        (repository.root / name).write_text(PWNED.format(path=str(pwned)))
    (repository.folder / "tests" / "test_warmup.py").write_text(PWNED.format(path=str(pwned)))
    (repository.folder / "lab.toml").write_text("forged")
    (repository.root / "solutions" / "week00" / "tests" / "test_forged.py").write_text(PWNED.format(path=str(pwned)))
    repository.propose()
    ended = give_feedback(repository)
    assert ended.code == 1, ended.log
    assert not pwned.exists()
    assert len(ended.commands) >= 2
    assert all(re.match(r"::error (file=labs/week00/warmup\.py,line=\d+,)?title=", line) for line in ended.commands)
    assert not any("##[" in line for line in ended.commands)
    assert "## week00: 0/100" in ended.summary
    tokens = MarkdownIt("commonmark").enable("table").parse(ended.summary)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or []}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence"}


def test_a_folder_that_leads_away_is_not_followed(repository: Repository) -> None:
    (repository.root / "notes").mkdir()
    repository.commit("stubs")
    shutil.rmtree(repository.folder)
    repository.folder.symlink_to("../solutions/week00", target_is_directory=True)
    repository.propose()
    ended = give_feedback(repository)
    assert ended.code == 2, ended.log
    assert ended.commands == [
        "::error title=labs/week00 was not graded::labs/week00 is a link; put a plain folder with your files there."
    ]
    assert "## week00: not graded" in ended.summary


def test_a_pull_request_without_a_changed_lab_is_not_graded(repository: Repository) -> None:
    repository.commit("stubs")
    (repository.root / "README.md").write_text("hello")
    repository.propose()
    ended = give_feedback(repository)
    assert (ended.code, ended.summary) == (0, "No lab was changed, so nothing was graded.\n")
    assert not (ended.temp / "feedback").exists()


def test_a_course_repository_without_solutions_gets_the_visible_part(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "course", "week00", solutions=False)
    repository.commit("stubs")
    (repository.folder / "warmup.py").write_text(SOLUTION)
    repository.propose()
    ended = give_feedback(repository, FAIL_UNDER="100")
    assert ended.code == 0, ended.log
    assert ended.summary.startswith("## week00: 80/80\n")
    assert "20 more points wait for hidden checks, which the grader adds." in ended.summary


def test_the_gitlab_job_does_the_same(repository: Repository) -> None:
    base = repository.commit("stubs")
    (repository.folder / "warmup.py").write_text(HOSTILE)
    (repository.root / "feedback").symlink_to("/nowhere")
    repository.propose()
    job = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text(encoding="utf-8"))["feedback"]
    script = "\n".join(line for line in job["script"] if "pip install" not in line)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"CI_PROJECT_DIR": str(repository.root), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "PATH": path}
    environment = os.environ | QUIET | job["variables"] | given
    command = ["bash", "-e", "-o", "pipefail", "-c", script]
    ended = subprocess.run(command, cwd=repository.root, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 1, ended.stderr
    assert "0/100" in ended.stdout
    assert "\x1b" not in ended.stdout.replace("\x1b[", "")
    assert not re.search(r"^\s*::|##\[", ended.stdout, re.MULTILINE)
    issues = json.loads((repository.root / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {issue["severity"] for issue in issues} == {"major"}


def test_by_hand_the_grader_is_that_of_the_tree_before_the_change(repository: Repository) -> None:
    """As docs/ci.md says it, with a grader that tells where it lies; here another one is installed."""
    shutil.copytree(PROJECT / "grader", repository.root / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    tell = repository.root / "grader" / "errors.py"
    honest = tell.read_text(encoding="utf-8")
    tell.write_text(f"{honest}\nimport sys\nsys.stderr.write('the grader before the change\\n')\n")
    repository.commit("stubs")
    tell.write_text(f"{honest}\nimport sys\nsys.stderr.write('the grader of the change\\n')\n")
    (repository.folder / "warmup.py").write_text(SOLUTION)
    repository.propose()
    page = (PROJECT / "docs" / "ci.md").read_text(encoding="utf-8")
    lines = (
        page.partition("## By hand")[2].split("```")[1].replace("/tmp/before", str(repository.root.parent / "before"))
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-e", "-c", lines],
        cwd=repository.root,
        env=os.environ | QUIET | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    assert "the grader before the change" in ended.stderr
    assert "the grader of the change" not in ended.stderr
    assert (repository.root / "reports" / "feedback" / "summary.md").read_text().startswith("## week00: 100/100\n")


@pytest.mark.slow
def test_week_07_is_trained_and_judged_in_a_pull_request(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", "week07")
    repository.commit("stubs")
    for path in (PROJECT / "solutions" / "week07").glob("*.py"):
        shutil.copy(path, repository.folder / path.name)
    repository.propose()
    ended = give_feedback(repository)
    assert ended.code == 0, ended.log
    assert "### Training run" in ended.summary
