"""A check's hints in stages, from the least to the most telling: each shows only once the one before it is open."""

import re
from dataclasses import dataclass

from grader.language import gettext as _
from grader.results import CheckResult

_FILE = r"[\w./-]{1,200}\.(?:py|jsonl|toml)"
_FRAME = re.compile(rf"^(?:  File \")?({_FILE})\"?, line (\d{{1,6}}), in (\w{{1,100}})", re.MULTILINE)
_LINE = re.compile(rf"({_FILE}), line (\d{{1,6}})")
_CALLED = re.compile(r"(?:\w{1,100}\.)?(\w{1,100})\(")


@dataclass(frozen=True)
class Hint:
    """One stage: what it is about, and what it says (backticks mark code)."""

    title: str
    text: str


def stage_hints(check: CheckResult, lab: str) -> list[Hint]:
    """Return where to look, then what to change, then where the lesson speaks of it; what is not known is left out."""
    section = where_to_read(lab, check.lesson)
    lesson = _("The lesson explains it in `{section}`.", section=section) if section else ""
    stages = [
        Hint(_("where to look"), _where(check)),
        Hint(_("what to change"), check.hint),
        Hint(_("what to read"), lesson),
    ]
    return [hint for hint in stages if hint.text]


def where_to_read(lab: str, lesson: str) -> str:
    """Return a section of the lesson by its path from the folder in which `pytest labs/NAME` is run."""
    return f"labs/{lab}/{lesson}" if lesson else ""


def _where(check: CheckResult) -> str:
    example = check.example
    if example and (frames := _FRAME.findall(example.traceback or "")):
        file, line, function = frames[-1]
        return _("In `{file}`, line {line}, in `{function}`.", file=file, line=line, function=function)
    if found := _LINE.search(check.message):
        return _("In `{file}`, line {line}.", file=found[1], line=found[2])
    if example and (called := _CALLED.match(example.call.rpartition("\n")[2])):
        return _("In `{function}`: follow the call above through it, line by line.", function=called[1])
    return ""
