"""Remarks on lines of code: as workflow commands for a GitHub runner, as a Code Quality report for GitLab."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.language import ENGLISH, Language, speaking, translate_result
from grader.language import gettext as _
from grader.render import wording
from grader.render.steps import lost, next_steps
from grader.render.text import command_message, command_property, cut, one_line, visible
from grader.render.told_once import told_once
from grader.results import CheckResult, Outcome, Result

MOST = 10  # GitHub silently drops what a step annotates beyond ten of a kind
_KINDS = {
    Outcome.FAILED: "error",
    Outcome.ERRORED: "error",
    Outcome.TIMED_OUT: "error",
    Outcome.HARNESS_ERROR: "warning",
    Outcome.NOT_ATTEMPTED: "notice",
}
_ORDER = ("error", "warning", "notice")
_SEVERITIES = {"error": "major", "warning": "minor", "notice": "info"}


@dataclass(frozen=True)
class Place:
    """A line (from 1) of a file, named by its POSIX path from the repository's root."""

    file: str
    line: int


@dataclass(frozen=True)
class Located:
    """A result, and by check id where in the repository a check's remark belongs."""

    result: Result
    places: Mapping[str, Place]


@dataclass(frozen=True)
class Remark:
    """What an annotation says. `kind` is error, warning or notice; `key` is the lab, a colon and the check's id."""

    kind: str
    title: str
    message: str
    place: Place | None
    key: str


def worst_first(located: Sequence[Located], refusals: Sequence[Remark] = ()) -> tuple[list[Remark], list[Remark]]:
    """Return what to annotate, refusals and the checks that cost most first, at most ten; and what is left over."""
    found = [
        (check, _remark(check, one.places.get(check.id), one.result.lab))
        for one in located
        for check in [*next_steps(one.result.tasks, len(one.result.checks())), *one.result.harness_faults()]
    ]
    found.sort(key=lambda pair: (_ORDER.index(pair[1].kind), -lost(pair[0])))
    remarks = [*refusals, *(remark for _, remark in found)]
    fitting = len(remarks) if len(remarks) <= MOST else MOST - 1
    return remarks[:fitting], remarks[fitting:]


def render_annotations(
    located: Sequence[Located], refusals: Sequence[Remark] = (), language: Language = ENGLISH
) -> str:
    """Return a workflow command a line: at most ten, the last of them counting what did not fit."""
    with speaking(language):
        return _render_commands([_translate(one, language) for one in located], refusals)


def _translate(located: Located, language: Language) -> Located:
    return Located(translate_result(told_once(located.result), language), located.places)


def _render_commands(located: Sequence[Located], refusals: Sequence[Remark]) -> str:
    shown, left = worst_first(located, refusals)
    lines = [_command(remark) for remark in shown]
    if left:
        titles = ", ".join(remark.title for remark in left)
        title = command_property(_("+{count} more", count=len(left)), 150)
        lines.append(f"::{left[0].kind} title={title}::{command_message(titles, 500)}")
    return "".join(f"{line}\n" for line in lines)


def render_code_quality(
    located: Sequence[Located], refusals: Sequence[Remark] = (), language: Language = ENGLISH
) -> str:
    """Return GitLab's Code Quality report (JSON) of the same remarks; one without a line stands at its lab's folder."""
    with speaking(language):
        return _render_issues([_translate(one, language) for one in located], refusals)


def _render_issues(located: Sequence[Located], refusals: Sequence[Remark]) -> str:
    shown, _ = worst_first(located, refusals)
    issues = [
        {
            "check_name": remark.key,
            "description": cut(visible(cut(f"{remark.title}\n{remark.message}", 2000)), 2000),
            "fingerprint": hashlib.sha256(remark.key.encode(errors="replace")).hexdigest(),
            "severity": _SEVERITIES[remark.kind],
            "location": {
                "path": remark.place.file if remark.place else f"labs/{remark.key.partition(':')[0]}",
                "lines": {"begin": remark.place.line if remark.place else 1},
            },
        }
        for remark in shown
    ]
    return json.dumps(issues, indent=2) + "\n"


def _remark(check: CheckResult, place: Place | None, lab: str) -> Remark:
    parts = {"": _(wording.OUR_FAULT) if check.outcome is Outcome.HARNESS_ERROR else "", _("Why: "): check.message}
    if check.example:
        example = check.example
        parts |= {_("Called: "): example.call, _("Came back: "): example.returned or ""}
        parts[_("Expected: ")] = example.expected or ""
    parts[_("Hint: ")] = check.hint
    said = "\n".join(name + cut(part, 600) for name, part in parts.items() if part)
    title = f"{wording.LABELS[check.outcome].word}: {check.title}"
    return Remark(_KINDS[check.outcome], title, said or title, place, one_line(cut(f"{lab}:{check.id}", 200)))


def _command(remark: Remark) -> str:
    place = remark.place
    where = [f"file={command_property(place.file, 400)}", f"line={place.line}"] if place else []
    properties = ",".join([*where, f"title={command_property(remark.title, 150)}"])
    return f"::{remark.kind} {properties}::{command_message(remark.message, 5000)}"
