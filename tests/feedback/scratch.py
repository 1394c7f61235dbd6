"""A scratch repository with a lab in it, and what runs our own workflows' `run:` steps there as a runner would."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader.lab.folders import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"
INSTALL = "Install the grader"  # this test environment has it installed already
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
WHO = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]


class Repository:
    """A repository on a disk of its own, with one lab (and its solutions) as this project has it."""

    def __init__(self, root: Path, lab: str, *, solutions: bool = True) -> None:
        self.root, self.lab = root, lab
        self.folder = root / "labs" / lab
        shutil.copytree(PROJECT / "labs" / lab, self.folder)
        shutil.copytree(PROJECT / "fixtures" / "tiny-gpt2", root / "fixtures" / "tiny-gpt2")
        if solutions:
            shutil.copytree(PROJECT / "solutions" / lab, root / "solutions" / lab)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *args: str) -> str:
        """Run git here; return what it printed."""
        command = ["git", *WHO, *args]
        ended = subprocess.run(
            command, cwd=self.root, env=os.environ | QUIET, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit all there is; return the commit."""
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def propose(self) -> str:
        """Make a pull request of what has changed since main, checked out as GitHub does: its merge into main."""
        self.git("checkout", "--quiet", "-b", "proposal")
        head = self.commit("proposal")
        self.git("checkout", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", "merge", "proposal")
        return head


@dataclass(frozen=True)
class Ended:
    """How a job ended: the first failing step's exit code, its log, and the files that its runner would read."""

    code: int
    log: str
    temp: Path
    summary: str

    @property
    def commands(self) -> list[str]:
        """What a runner would obey, whatever was printed before the commands were switched on again."""
        lines, stopped = [], ""
        for line in self.log.splitlines():
            if stopped:
                stopped = "" if line.strip() == f"::{stopped}::" else stopped
            elif line.strip().startswith("::stop-commands::"):
                stopped = line.strip().removeprefix("::stop-commands::")
            elif line.strip().startswith("::") or "##[" in line:
                lines.append(line)
        assert not stopped
        return lines


class Job:
    """The one job of a workflow of ours: its `run:` steps, with bash, in a checkout, with a runner's files."""

    def __init__(self, workflow: str, job: str) -> None:
        document: dict[str, Any] = yaml.safe_load((WORKFLOWS / workflow).read_text(encoding="utf-8"))
        self.document, self.job = document, document["jobs"][job]

    def run(self, checkout: Path, temp: Path, **environment: str) -> Ended:
        """Run the steps in order; after a failure, none."""
        temp.mkdir()
        files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
        for file in files.values():
            file.touch()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        given = {"RUNNER_TEMP": str(temp), "GITHUB_WORKSPACE": str(checkout), "PATH": path}
        declared = {name: str(value) for name, value in self.document.get("env", {}).items()}
        environ = os.environ | QUIET | given | {k: str(v) for k, v in files.items()} | declared | environment
        log, code = "", 0
        for step in self.job["steps"]:
            if "run" not in step or step.get("name") == INSTALL or not _wanted(step, files["GITHUB_OUTPUT"]):
                continue
            folder = step.get("working-directory", str(checkout)).replace("${{ runner.temp }}", str(temp))
            assert "${{" not in folder + step["run"], "an expression in a script is an injection"
            ended = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=900,
            )
            log, code = log + ended.stdout, ended.returncode
            if code:
                break
        assert files["GITHUB_ENV"].read_text() == files["GITHUB_PATH"].read_text() == ""
        return Ended(code, log, temp, files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"))


def _wanted(step: dict[str, Any], output: Path) -> bool:
    """Evaluate the one condition that our steps have."""
    condition = step.get("if")
    assert condition in (None, "steps.changed.outputs.labs == 'true'"), condition
    return condition is None or "labs=true" in output.read_text().splitlines()
