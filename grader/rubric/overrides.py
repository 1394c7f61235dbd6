"""overrides.toml: what a person decides over a check or a manual line, for one submission or for all.

It is kept beside the results and applied to what was graded, so that it outlives every regrade; applying it twice, or
after another version of itself, gives the same result.
"""

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from grader.errors import UsageError
from grader.lab import LabSpec
from grader.results import CheckResult, Outcome, Override, Result, RubricLine, TaskResult, sum_task, tidy
from grader.rubric.criteria import UNDECIDED, level_of, rest_on_evidence
from grader.rubric.totals import total

EVERYBODY = "*"
_WANTED = {
    "override": "a table for each decision, begun with [[override]]",
    "submission": 'an id, or "*" for everybody',
    "check": "the id of a check",
    "rubric": "the name of a line that a person judges",
    "points": "a number, 0 or more",
    "level": '"met", "developing" or "not yet"',
    "comment": "a text of at most 10,000 characters",
}
LARGEST = 16 << 20


class Decision(BaseModel):
    """One `[[override]]`: whose (`*` for everybody's), of which check or manual line, and what is decided."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    submission: str = Field(min_length=1)
    check: str | None = None
    rubric: str | None = None
    points: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    level: Literal["met", "developing", "not yet"] | None = None
    comment: str = Field("", max_length=10_000)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.check is None) == (self.rubric is None):
            raise ValueError("name either a check or a rubric line")
        if self.level is not None and (self.rubric is None or self.points is not None):
            raise ValueError("level is for a rubric line without points")
        if self.points is None and self.level is None and not self.comment.strip():
            raise ValueError("give points, a level or a comment")
        return self

    @property
    def target(self) -> str:
        """The check's id or the manual line's name; the former has a dot, the latter has none."""
        return self.check or self.rubric or ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    override: list[Decision] = []


def load_overrides(path: Path) -> list[Decision]:
    """Read overrides.toml. Raises UsageError with every mistake and its place in one sentence."""
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST).decode()
        decisions = _File.model_validate(tomllib.loads(text)).override
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}.") from error
    except ValidationError as error:
        raise UsageError(f"{path}: {'; '.join(map(_describe, error.errors()))}.") from error
    counts = Counter((decision.submission, decision.target) for decision in decisions)
    for (submission, target), count in counts.items():
        if count > 1:
            raise UsageError(f"{path}: decides {count} times over {target!r} of {submission!r}; keep one of them.")
    return decisions


def _describe(mistake: ErrorDetails) -> str:
    """Say where a mistake is and what should stand there, in the words of the file: its tables and keys, from 1 on."""
    place, given = mistake["loc"], repr(mistake["input"])
    where = f"override {place[1] + 1}" if len(place) > 1 and isinstance(place[1], int) else "the file"
    key = str(place[-1])
    match mistake["type"]:
        case "extra_forbidden":
            known = [*Decision.model_fields] if len(place) > 1 else [*_File.model_fields]
            instead = _nearest(key, known) or f"; there is {', '.join(known)}"
            return f"{where} has a key {key!r}, which means nothing here{instead}"
        case "missing":
            return f"{where} has no {key}"
        case "value_error":
            return f"{where}: {mistake['msg'].removeprefix('Value error, ')}"
    shown = given if len(given) <= 60 else f"{given[:60]}…"
    return f"{where}: {key} should be {_WANTED.get(key, 'something else')}, not {shown}"


def refuse_unknown_submissions(decisions: Iterable[Decision], ids: Iterable[str]) -> None:
    """Raise UsageError where a decision names a submission that is not there."""
    known = [*ids]
    for decision in decisions:
        if decision.submission not in {*known, EVERYBODY}:
            raise UsageError(f"overrides: no submission {decision.submission!r}{_nearest(decision.submission, known)}.")


def refuse_misfits(decisions: Iterable[Decision], spec: LabSpec) -> None:
    """Raise UsageError for the first decision that fits nothing in a lab, before anything is graded."""
    lines = {line.name: line.points for line in spec.manual}
    for decision in decisions:
        _refuse_unknown([decision], [*spec.manifest()], [*lines])
        if decision.points is not None:
            _worth(decision, spec.manifest()[decision.target] if decision.check else lines[decision.target])
        elif decision.rubric:
            _refuse_unpriced(decision, lines[decision.rubric])


def apply_overrides(result: Result, decisions: Sequence[Decision]) -> Result:
    """Return a result with the decisions over it in force, and none that were applied before.

    A decision for the submission stands over one for everybody. Full points make a check passed; fewer make a passed or
    undecided one failed. Sums, levels and the score follow. Raises UsageError for an unknown check or line, and for
    more points than it is worth.
    """
    mine = {d.target: d for d in decisions if d.submission == EVERYBODY}
    mine |= {d.target: d for d in decisions if d.submission == result.submission.id}
    lines = [line.name for line in result.rubric if line.name]
    _refuse_unknown(mine.values(), [check.id for check in result.checks()], lines)
    tasks = [_decide_task(task, mine) for task in result.tasks]
    rubric = [_decide_line(line, mine.get(line.name), tasks) for line in result.rubric]
    return total(replace(result, tasks=tasks, rubric=rubric))


def _decide_task(task: TaskResult, mine: dict[str, Decision]) -> TaskResult:
    return sum_task(task.name, task.title, [_decide_check(check, mine.get(check.id)) for check in task.checks])


def _decide_check(check: CheckResult, decision: Decision | None) -> CheckResult:
    graded = check
    if check.override:
        outcome = check.override.outcome_before or check.outcome
        graded = replace(check, points=check.override.points_before, outcome=outcome, override=None)
    if decision is None:
        return graded
    override = Override(comment=decision.comment, points_before=graded.points, outcome_before=graded.outcome)
    if decision.points is None:
        return replace(graded, override=override)
    points = _worth(decision, graded.max_points)
    outcome = graded.outcome
    if points == graded.max_points:
        outcome = Outcome.PASSED
    elif outcome in {Outcome.PASSED, Outcome.HARNESS_ERROR}:
        outcome = Outcome.FAILED
    return replace(graded, points=points, outcome=outcome, override=override)


def _decide_line(line: RubricLine, decision: Decision | None, tasks: Sequence[TaskResult]) -> RubricLine:
    if not line.name:
        return rest_on_evidence(line.criterion, line.evidence, tasks)
    waiting = replace(line, points=0.0, level=UNDECIDED, override=None)
    if decision is None:
        return waiting
    override = Override(comment=decision.comment, points_before=0.0)
    if decision.points is None:
        _refuse_unpriced(decision, line.max_points)
        return replace(waiting, level=decision.level or UNDECIDED, override=override)
    points = _worth(decision, line.max_points)
    return replace(waiting, points=points, level=level_of(points, line.max_points), override=override)


def _worth(decision: Decision, most: float) -> float:
    points = tidy(decision.points or 0.0)
    if points > most or not most:
        raise UsageError(f"overrides: {decision.target!r} is worth {most:g} points, and {points:g} are given.")
    return points


def _refuse_unpriced(decision: Decision, most: float) -> None:
    if most:
        raise UsageError(f"overrides: the rubric line {decision.target!r} is worth {most:g} points; give it some.")


def _refuse_unknown(decisions: Iterable[Decision], checks: Sequence[str], lines: Sequence[str]) -> None:
    for decision in decisions:
        known = checks if decision.check is not None else lines
        if decision.target not in known:
            kind = "check" if decision.check is not None else "rubric line graded by hand"
            raise UsageError(f"overrides: no {kind} {decision.target!r}{_nearest(decision.target, known)}.")


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}" if near else ""
