"""What GitHub shows to the author of a pull request: a summary of the run, in its Markdown."""

from collections.abc import Sequence

from grader.language import ENGLISH, Language, speaking, translate_result
from grader.language import gettext as _
from grader.render import wording
from grader.render.adjusted import adjustments
from grader.render.steps import next_steps, not_started
from grader.render.text import cut, markdown, markdown_code
from grader.render.told_once import told_once
from grader.results import CheckResult, Measure, Outcome, Result, TaskResult, TrainingResult

_MOST_ROWS = 60
_LENGTH = 300  # characters of a table's cell


def render_summary(result: Result, *, brief: bool = False, language: Language = ENGLISH) -> str:
    """Return the run's summary as Markdown, far under GitHub's limit of 1 MiB; `brief` leaves the open checks out."""
    with speaking(language):
        return _render(translate_result(told_once(result), language), brief)


def _render(result: Result, brief: bool) -> str:
    name = markdown(result.submission.id, 80)
    parts = [f"## {name}: {wording.score(result.score, result.max_score)}"]
    if faults := result.harness_faults():
        undecided = _("{checks} not decided.", checks=wording.checks(len(faults)))
        parts.append(f"**{undecided}** {_(wording.OUR_FAULT)}")
    parts.append("\n".join(f"- {markdown(line, _LENGTH)}" for line in adjustments(result)[:_MOST_ROWS]))
    parts += [_summarize_steps(result.tasks), _summarize_tasks(result.tasks)]
    if not brief:
        parts.append(_summarize_open(result))
    if result.training:
        parts.append(_summarize_training(result.training))
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows[:_MOST_ROWS]]
    left = len(rows) - _MOST_ROWS
    more = "\n\n" + _("And {count} more.", count=left) if left > 0 else ""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + more


def _summarize_steps(tasks: Sequence[TaskResult]) -> str:
    steps = [
        f"{place}. {markdown(check.title, _LENGTH)}. {markdown(check.hint, _LENGTH)}".rstrip()
        for place, check in enumerate(next_steps(tasks), start=1)
    ]
    return "\n".join(["### " + _("What next"), "", *steps]) if steps else _("Every check that could be decided passes.")


def _summarize_tasks(tasks: Sequence[TaskResult]) -> str:
    rows = [
        [
            markdown(task.title, _LENGTH),
            _("{passed} of {checks}", passed=_passed(task), checks=len(task.checks)),
            wording.score(task.points, task.max_points),
        ]
        for task in tasks
    ]
    return _table([_("Task"), _("Checks passed"), _("Points")], rows)


def _passed(task: TaskResult) -> int:
    return sum(check.outcome is Outcome.PASSED for check in task.checks)


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
    head = [_("Outcome"), _("Check"), _("Why"), _("Called"), _("Came back"), _("Expected"), _("Points")]
    parts = [_table(head, rows)] if rows else []
    parts += _summarize_not_started(result.tasks)
    return "\n\n".join(["### " + _("Not passed yet"), *parts]) if parts else ""


def _summarize_not_started(tasks: Sequence[TaskResult]) -> list[str]:
    """Return one list, a line for each task that is not begun: its checks would say nothing else."""
    label = wording.LABELS[Outcome.NOT_ATTEMPTED]
    lines = [
        f"- {label.symbol} {label.word}: {markdown(task.title, _LENGTH)} ({wording.checks(len(task.checks))}, "
        f"{wording.score(task.points, task.max_points)})"
        for task in tasks
        if not_started(task)
    ]
    return ["\n".join(lines[:_MOST_ROWS])] if lines else []


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
    model, device = markdown(training.model, 80), markdown(training.device, 80)
    seconds = wording.duration(training.seconds)
    about = _("{model} on {device}, {seconds}.", model=model, device=device, seconds=seconds)
    about = f"{about} {markdown(wording.why(training), _LENGTH)}".rstrip()
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
    table = _table([_("Measure"), _("Base"), _("Tuned"), _("Value"), _("Points")], rows) if rows else ""
    return "\n\n".join(part for part in ("### " + _("Training run"), about, table, "\n".join(cures)) if part)
