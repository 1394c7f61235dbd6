"""Every command in README, docs and lessons is one that the real command line takes, and every command is told of."""

# ruff: noqa: ANN401 - what Typer hands over here has no public type

import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from grader.cli import app
from grader.lab.folders import PROJECT
from tests.lab.test_code_blocks import BLOCKS, PAGES, name_block

GRADER: Any = typer.main.get_command(app)
OURS = {"grader", "pytest", "python"}
# Programs of others, whose options are theirs: named, so that a misspelt command of ours is no stranger's.
OTHERS = {"git", "pip", "tox", "ray", "sbatch", "cd", "tensorboard"}


def _is_shell(code: str) -> bool:
    first = code.splitlines()[0]
    return bool(re.match(r"(\.venv/bin/)?(grader|pytest|python3?|git|pip|tox|ray|sbatch)( |$)", first))


def _commands(code: str) -> list[str]:
    """Return the simple commands of a shell's block, without comments, assignments and what is said beside them."""
    joined = re.sub(r"\\\n\s*", "", code)
    joined = re.sub(r"\s#.*$|^#.*$|^export .*$| {3,}\w.*$", "", joined, flags=re.MULTILINE)
    joined = re.sub(r"\w+=\$\((.*?)\)|[()]", r"\1", joined)
    parts = [part.strip() for line in joined.splitlines() for part in line.split("&&")]
    return [re.sub(r"^((?:[A-Z_]+=\S+|exec) )+", "", part) for part in parts if part]


SHOWN = [
    (block, command)
    for block in BLOCKS
    if block.language == "bash" or (block.language == "" and _is_shell(block.code))
    for command in _commands(block.code)
]
IDS = [f"{name_block(block)} {command[:40]}" for block, command in SHOWN]


def _words(command: str) -> list[str]:
    """Split a command; where a synopsis has [brackets] and a|b, take all that may be given, of a choice the first."""
    plain = re.sub(r"\$\{?\w+\}?", "1", command)
    return [re.sub(r"^(\w+)\|.*$", r"\1", word.strip("[]")) for word in shlex.split(plain)]


def _find(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command of ours that the words name, and its arguments. Raises AssertionError for one that is not."""
    command, rest = GRADER, words[1:]
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    alone = not rest and command is not GRADER and getattr(command, "invoke_without_command", False)
    assert alone or not hasattr(command, "commands"), f"there is no command {' '.join(words[:2])}"
    return command, rest


def _options(command: Any) -> set[str]:
    return {name for param in command.params for name in param.opts} | {"--help"}


@cache
def _pytest_help() -> str:
    command = [sys.executable, "-m", "pytest", "--help"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize(("block", "command"), SHOWN, ids=IDS)
def test_a_command_is_one_that_the_real_program_takes(block: object, command: str) -> None:
    words = _words(command)
    program = words[0].removeprefix(".venv/bin/").removesuffix("3")
    if program == "grader":
        _check_grader(command, words)
    elif program == "pytest":
        told = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        assert [option for option in told if not re.search(rf"(^|[\s,]){option}\b", _pytest_help())] == []
    elif program == "python" and words[1] == "-m":
        assert find_spec(words[2]), command
    else:
        assert program in OTHERS | OURS, f"nobody knows the program {program}"


def _check_grader(command: str, words: list[str]) -> None:
    found, arguments = _find(words)
    if "[" in command or "|" in command:  # a synopsis: its names, not its values
        given = {word for word in arguments if word.startswith("--")}
        assert given <= _options(found), f"{command}: {given - _options(found)}"
    else:
        found.make_context(words[1], arguments)


@pytest.mark.parametrize("wrong", ["grader grades x", "grader grade x --modle y", "grader export x --to excel"])
def test_a_command_that_there_is_not_would_be_seen(wrong: str) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|not one of"):
        _check_grader(wrong, _words(wrong))


def _all_commands(group: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        deeper = _all_commands(command, (*before, name)) if hasattr(command, "commands") else []
        found += deeper or [(*before, name)]
    return found


@pytest.mark.parametrize("names", _all_commands(GRADER), ids=" ".join)
def test_every_command_explains_itself_and_stands_in_a_page(names: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    command, _ = _find(["grader", *names])
    assert command.help
    for param in command.params:
        assert getattr(param, "help", None), f"{names}: {param.name} is not explained"
        assert any(name in shown.output for name in param.opts) or param.param_type_name == "argument"
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert f"grader {' '.join(names)}" in pages
