"""The frozen records of a graded submission, and `result.json`: schema `grader/result/v1` (docs/result-schema.md).

Everything that people read is rendered from these records and from nothing else.
"""

import math
import os
import re
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from grader.errors import HarnessError

SCHEMA = "grader/result/v1"

_UNIMPORTABLE = re.compile(r"(\w+\.py) cannot be imported: ")
Plain = Any  # None, bool, int, float, str, and lists and dicts of these: what JSON holds


class Outcome(StrEnum):
    """How a check ended. Only `passed` earns a check's points; a measure may earn a part of them."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    BLOCKED = "blocked"
    ERRORED = "errored"
    TIMED_OUT = "timed_out"
    HARNESS_ERROR = "harness_error"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest input that shows a mistake: the call, what came back and what was expected, as text.

    `reproduce` is Python code that makes the call, where it can be made with what stands in it; else empty.
    """

    call: str
    returned: str | None = None
    expected: str | None = None
    traceback: str | None = None
    reproduce: str = ""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A person's decision over a check or a rubric line: what they say, and what stood there before."""

    comment: str = ""
    points_before: float
    outcome_before: Outcome | None = None


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check. Points that a `harness_error` would have decided count neither for nor against."""

    id: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    message: str = ""
    example: Example | None = None
    hint: str = ""
    lesson: str = ""
    hidden: bool = False
    duration_s: float = 0.0
    override: Override | None = None


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """One task (formatting, lora_config, ...) with its checks; points are the sums of the checks'."""

    name: str
    title: str
    points: float
    max_points: float
    checks: list[CheckResult]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of the judge: `value` is what the band looks at, `margin` its distance to the full band."""

    title: str
    value: float
    unit: str = ""
    base: float | None = None
    tuned: float | None = None
    band: str = ""
    margin: float | None = None
    points: float | None = None
    max_points: float | None = None
    note: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One held-out question with the base model's answer and the tuned model's."""

    instruction: str
    base: str
    tuned: str


class Pitfall(msgspec.Struct, frozen=True, kw_only=True):
    """A pitfall of the lesson that the judge's numbers show, its cause in this run, and its cure."""

    code: str
    title: str
    cause: str
    cure: str


class TrainingResult(msgspec.Struct, frozen=True, kw_only=True):
    """The training run. `history` is what the student's code claims; `measurements` are the judge's own.

    `markers` are the words that show the voice to be taught; a report marks them in the samples.
    """

    model: str
    device: str
    why_this_model: str
    seconds: float
    outcome: Outcome
    message: str = ""
    history: list[dict[str, Plain]] = []
    measurements: dict[str, Measure] = {}
    samples: list[Sample] = []
    markers: list[str] = []
    pitfalls: list[Pitfall] = []


class RubricLine(msgspec.Struct, frozen=True, kw_only=True):
    """One of the lesson's success criteria and the level that the checks and measures named in `evidence` show.

    A line with a `name` is graded by hand instead, and its points count in the score once it is.
    """

    criterion: str
    level: str
    points: float
    max_points: float
    evidence: list[str]
    name: str = ""
    override: Override | None = None


class SubmissionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What was graded: its name, the SHA-256 of its files, and how many there were."""

    id: str
    sha256: str
    files: int
    bytes: int


class SandboxInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The confinement that the student's code ran under, and what it lacked."""

    level: str
    mechanisms: list[str] = []
    missing: list[str] = []


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose work it is. `identifiers` are by kind: canvas, moodle, email, sid, github, and columns of a roster."""

    name: str
    identifiers: dict[str, str] = {}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How a submission came: from which platform's download, whose, which attempt, and when (ISO 8601 with a zone)."""

    source: str
    people: list[Person]
    attempt: int = 1
    submitted_at: str | None = None
    marked_late: bool = False


class LatePenalty(msgspec.Struct, frozen=True, kw_only=True):
    """What the lab's late policy took off: `points`, for `days` begun after `due`. `note` says it in a sentence."""

    due: str
    days: int
    points: float
    note: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A graded submission."""

    schema: str = SCHEMA
    lab: str
    submission: SubmissionInfo
    score: float
    max_score: float
    tasks: list[TaskResult]
    training: TrainingResult | None
    rubric: list[RubricLine]
    sandbox: SandboxInfo
    environment: dict[str, Plain]
    seed: int
    delivery: Delivery | None = None
    late: LatePenalty | None = None

    def checks(self) -> list[CheckResult]:
        """Return every check of every task, in the lab's order."""
        return [check for task in self.tasks for check in task.checks]

    def harness_faults(self) -> list[CheckResult]:
        """Return the checks that our own machinery failed to decide."""
        return [check for check in self.checks() if check.outcome is Outcome.HARNESS_ERROR]


def unimportable(check: CheckResult) -> str:
    """Return the file that could not even be imported, where that is how a check ended; else an empty text."""
    if check.outcome is not Outcome.ERRORED or check.example is None or check.example.call:
        return ""
    found = _UNIMPORTABLE.match(check.message)
    return found[1] if found else ""


def sum_task(name: str, title: str, checks: list[CheckResult]) -> TaskResult:
    """Build a task from its checks; what a harness error left undecided counts in neither sum."""
    decided = [check for check in checks if check.outcome is not Outcome.HARNESS_ERROR]
    return TaskResult(
        name=name,
        title=title,
        points=tidy(sum(check.points for check in decided)),
        max_points=tidy(sum(check.max_points for check in decided)),
        checks=checks,
    )


def tidy(points: float) -> float:
    """Round points to two decimals, so that sums of halves and thirds print as people write them.

    Raises HarnessError for NaN and infinities: no grade is ever either.
    """
    if not math.isfinite(points):
        raise HarnessError(f"A number of points came out as {points}; please report this with the submission's id.")
    return round(points + 0.0, 2)


def encode(result: Result) -> bytes:
    """Return `result.json` as UTF-8 bytes, indented, ending in a newline.

    `##[` is written `##\\u005b`, which is the same JSON: a CI runner that prints the file would obey it otherwise.
    A lone surrogate, for which neither UTF-8 nor JSON has a place, becomes a question mark.
    """
    try:
        encoded = msgspec.json.encode(result)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_replace_surrogates(msgspec.to_builtins(result)))
    return msgspec.json.format(encoded, indent=2).replace(b"##[", b"##\\u005b") + b"\n"


def _replace_surrogates(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def decode(data: bytes) -> Result:
    """Read a `result.json` strictly. Raises msgspec.ValidationError or DecodeError for anything else."""
    return msgspec.json.decode(data, type=Result, strict=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none, also when we are killed half-way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
