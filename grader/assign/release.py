"""Writes the student's copy of a lab: all of it or none."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.assign.secrets import find_leaks, read_secrets
from grader.assign.stubs import find_answers
from grader.errors import LabError, UsageError
from grader.lab import Lab

_NOT_RELEASED = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")
_PYPROJECT = """\
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "--strict-markers"]
testpaths = ["labs"]
"""
_CONFTEST = """\
\"\"\"Gives pytest the checks of a lab, and in a student's own run the summary and the report at its end.\"\"\"

import sys
from importlib.util import find_spec

import pytest

NEEDED = ("grader", "hypothesis", "jinja2", "msgspec", "numpy", "pydantic", "rich")
MISSING = [name for name in NEEDED if find_spec(name) is None]

pytest_plugins = [] if MISSING else ["grader.checks.plugin", "grader.practice.plugin"]


def pytest_addoption() -> None:
    \"\"\"Stop with one sentence where this is not the Python that the grader was installed for.\"\"\"
    if MISSING:
        raise pytest.UsageError(
            f"this pytest belongs to {sys.executable}, which lacks {', '.join(MISSING)}. "
            "Activate the environment that holds the grader (. .venv/bin/activate), or run .venv/bin/pytest."
        )
"""
_IGNORED = "__pycache__/\n.venv/\n.pytest_cache/\n.hypothesis/\nreports/\n"
_README = """\
# {title}

Everything that you need is in this folder; the lesson is in [labs/{name}/README.md](labs/{name}/README.md).

Once, with Python 3.11 or newer and the grader's package or repository that your instructor names:

```
python3 -m venv .venv && .venv/bin/pip install GRADER && .venv/bin/grader doctor
```

Then, as often as you like, in this folder:

```
.venv/bin/pytest labs/{name}
```

It says what you have reached, shows the first thing to mend with the smallest example that breaks it, and writes
`reports/practice/{name}/index.html`. Hand in the folder `labs/{name}`, or a zip of it.
"""


def write_release(lab: Lab, dest: Path, *, git: bool) -> list[Path]:
    """Write the student's copy of a lab into the new or empty folder `dest`; return its files, relative to it.

    With `git`, the folder becomes a repository with one commit. Raises UsageError where something is in the way or git
    is missing, and LabError where the copy would hold an answer: nothing is written then.
    """
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        raise UsageError(f"{dest} is there already; name a folder that is new or empty.")
    dest.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dest.parent, prefix=f".{dest.name}.") as work:
        made = Path(work) / "release"
        _fill(lab, made)
        files = list(_files(made))
        _refuse_answers(lab, made, files)
        if git:
            _commit(made, lab)
        if dest.is_dir():
            dest.rmdir()
        made.rename(dest)
    return files


def _fill(lab: Lab, made: Path) -> None:
    shutil.copytree(lab.folder, made / "labs" / lab.name, ignore=_NOT_RELEASED)
    for profile in lab.spec.models.values():
        folder = lab.folder.parents[1] / profile.location
        if profile.source == "bundled" and folder.is_dir():
            shutil.copytree(folder, made / profile.location, ignore=_NOT_RELEASED)
    texts = {
        "pyproject.toml": _PYPROJECT,
        "conftest.py": _CONFTEST,
        ".gitignore": _IGNORED,
        "README.md": _README.format(title=lab.spec.title, name=lab.name),
    }
    for name, text in texts.items():
        (made / name).write_text(text, encoding="utf-8")


def _files(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())


def _refuse_answers(lab: Lab, made: Path, files: list[Path]) -> None:
    found = find_answers(lab)
    secrets = read_secrets(lab)
    found += [leak for file in files for leak in find_leaks(file.as_posix(), (made / file).read_bytes(), secrets)]
    if found:
        raise LabError(f"The copy of {lab.name} would hold an answer, so it was not written. {'; '.join(found[:5])}.")


def _commit(folder: Path, lab: Lab) -> None:
    """Make one commit that says nothing of who made it, and when."""
    who = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in _NOBODY.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", lab.spec.title]):
        try:
            subprocess.run(["git", *command], cwd=folder, env=kept | apart | who, check=True, capture_output=True)
        except FileNotFoundError as error:
            raise UsageError("git is not installed here; leave --git out, or install it.") from error
        except subprocess.CalledProcessError as error:
            raise UsageError(f"git {command[0]} failed: {error.stderr.decode(errors='replace').strip()}") from error


_NOBODY = {"NAME": "Course", "EMAIL": "course@localhost", "DATE": "2000-01-01T00:00:00+0000"}
