"""What GitHub shows to the author of a pull request: annotations on lines, and a summary of the run."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from grader.render import wording
from grader.render.steps import lost, next_steps, not_started
from grader.render.text import command_message, command_property, cut, markdown, markdown_code
from grader.results import CheckResult, Measure, Outcome, Result, TaskResult, TrainingResult

MOST_OF_A_KIND = 10  # GitHub silently drops the rest of a step's errors, warnings and notices
_KINDS = {
    "error": (Outcome.FAILED, Outcome.ERRORED, Outcome.TIMED_OUT),
    "warning": (Outcome.HARNESS_ERROR,),
    "notice": (Outcome.NOT_ATTEMPTED,),
}
_FRAME = re.compile(r'^  File "([\w./-]{1,200}\.py)", line (\d{1,6}),', re.MULTILINE)
_MOST_ROWS = 60
_LENGTH = 300  # characters of a table's cell


def render_annotations(result: Result, folder: str = "") -> str:
    """Return workflow commands, the checks that cost most first, at most ten of a kind.

    `folder` is where the submission lies in the repository, so that a traceback's file can be found there.
    """
    lines: list[str] = []
    candidates = [*next_steps(result.tasks, len(result.checks())), *result.harness_faults()]
    for kind, outcomes in _KINDS.items():
        checks = sorted((c for c in candidates if c.outcome in outcomes), key=lost, reverse=True)
        fitting = checks if len(checks) <= MOST_OF_A_KIND else checks[: MOST_OF_A_KIND - 1]
        lines += [_annotate(kind, check, folder) for check in fitting]
        if left := checks[len(fitting) :]:
            titles = ", ".join(check.title for check in left)
            lines.append(f"::{kind} title=+{len(left)} more::{command_message(titles, 500)}")
    return "".join(f"{line}\n" for line in lines)


def render_summary(result: Result) -> str:
    """Return the run's summary as Markdown, far under GitHub's limit of 1 MiB."""
    name = markdown(result.submission.id, 80)
    parts = [f"## {name}: {wording.score(result.score, result.max_score)}"]
    if faults := result.harness_faults():
        parts.append(f"**{wording.count(len(faults), 'check')} not decided.** {wording.OUR_FAULT}")
    parts += [_summarize_steps(result.tasks), _summarize_tasks(result.tasks), _summarize_open(result)]
    if result.training:
        parts.append(_summarize_training(result.training))
    return "\n\n".join(part for part in parts if part) + "\n"


def _annotate(kind: str, check: CheckResult, folder: str) -> str:
    title = f"{wording.LABELS[check.outcome].word}: {check.title}"
    properties = [*_place(check, folder), f"title={command_property(title, 150)}"]
    parts = {"": wording.OUR_FAULT if check.outcome is Outcome.HARNESS_ERROR else "", "Why: ": check.message}
    if check.example:
        example = check.example
        parts |= {"Called: ": example.call, "Came back: ": example.returned or "", "Expected: ": example.expected or ""}
    parts["Hint: "] = check.hint
    said = "\n".join(name + cut(part, 600) for name, part in parts.items() if part)
    return f"::{kind} {','.join(properties)}::{command_message(said or title, 5000)}"


def _place(check: CheckResult, folder: str) -> list[str]:
    """Find the innermost line that a traceback cites, if its file lies inside the submission."""
    frames = _FRAME.findall(check.example.traceback or "") if check.example else []
    if not frames:
        return []
    name, line = frames[-1]
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return []
    return [f"file={command_property(str(PurePosixPath(folder) / path), 400)}", f"line={int(line)}"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows[:_MOST_ROWS]]
    more = f"\n\nAnd {len(rows) - _MOST_ROWS} more." if len(rows) > _MOST_ROWS else ""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + more


def _summarize_steps(tasks: Sequence[TaskResult]) -> str:
    steps = [
        f"{place}. {markdown(check.title, _LENGTH)}. {markdown(check.hint, _LENGTH)}".rstrip()
        for place, check in enumerate(next_steps(tasks), start=1)
    ]
    return "\n".join(["### What next", "", *steps]) if steps else "Every check that could be decided passes."


def _summarize_tasks(tasks: Sequence[TaskResult]) -> str:
    rows = [
        [
            markdown(task.title, _LENGTH),
            f"{sum(check.outcome is Outcome.PASSED for check in task.checks)} of {len(task.checks)}",
            wording.score(task.points, task.max_points),
        ]
        for task in tasks
    ]
    return _table(["Task", "Checks passed", "Points"], rows)


def _summarize_open(result: Result) -> str:
    rows = [
        [
            f"{wording.LABELS[check.outcome].symbol} {wording.LABELS[check.outcome].word}",
            markdown(check.title, _LENGTH),
            markdown(check.message, _LENGTH),
            *(_code(literal) for literal in _sides(check)),
            wording.score(check.points, check.max_points),
        ]
        for task in result.tasks
        if not not_started(task)
        for check in task.checks
        if check.outcome is not Outcome.PASSED
    ]
    head = ["Outcome", "Check", "Why", "Called", "Came back", "Expected", "Points"]
    return f"### Not passed yet\n\n{_table(head, rows)}" if rows else ""


def _sides(check: CheckResult) -> Sequence[str | None]:
    example = check.example
    return (example.call, example.returned, example.expected) if example else (None, None, None)


def _code(literal: str | None) -> str:
    return markdown_code(literal, _LENGTH) if literal else ""


def _earned(measure: Measure) -> str:
    if measure.points is None or measure.max_points is None:
        return ""
    return wording.score(measure.points, measure.max_points)


def _summarize_training(training: TrainingResult) -> str:
    about = f"{markdown(training.model, 80)} on {markdown(training.device, 80)}, {wording.duration(training.seconds)}."
    rows = [
        [
            markdown(measure.title, _LENGTH),
            *(
                markdown(wording.quantity(value, cut(measure.unit, 20)), 60)
                for value in (measure.base, measure.tuned, measure.value)
            ),
            _earned(measure),
        ]
        for measure in training.measurements.values()
    ]
    cures = [f"- {markdown(p.title, _LENGTH)}: {markdown(p.cure, _LENGTH)}" for p in training.pitfalls[:10]]
    table = _table(["Measure", "Base", "Tuned", "Value", "Points"], rows) if rows else ""
    return "\n\n".join(part for part in ("### Training run", about, table, "\n".join(cures)) if part)
