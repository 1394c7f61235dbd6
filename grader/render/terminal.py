"""Feedback in a terminal: what to do first in full, the rest a line each. Calm on a lab that is hardly begun."""

import re
from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.language import ENGLISH, Language, noop, speaking, translate_result, translate_tasks
from grader.language import gettext as _
from grader.render import wording
from grader.render.adjusted import adjustments
from grader.render.comparison import compare
from grader.render.hints import where_to_read
from grader.render.steps import next_steps, stops_all
from grader.render.text import cut, log_line, one_line, visible
from grader.render.told_once import tell_once, told_once
from grader.results import CheckResult, Measure, Outcome, Result, TaskResult, TrainingResult

_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERRORED: "red",
    Outcome.TIMED_OUT: "red",
    Outcome.HARNESS_ERROR: "bold yellow",
}
_SETTLED = {Outcome.PASSED, Outcome.HARNESS_ERROR}
_LENGTH = 600  # characters shown of each text
_MOST_LINES = 6  # checks of one task in the list of the rest
_LABELS = noop("called"), noop("returned"), noop("expected"), noop("hint"), noop("read")
# A syntax error names its file once more. Beside it stands the sentence's own, in any language.
_TWICE = re.compile(r"(\w+\.py)( .{1,100}?: \w+: )\1, ")
_WIDEST = 10  # columns of a label, in any language


def print_result(result: Result, console: Console, language: Language = ENGLISH) -> None:
    """Print a result: score, tasks, the first check to mend, the rest, and the training run in a few lines."""
    with speaking(language):
        _print_result(translate_result(told_once(result), language), console)


def _print_result(result: Result, console: Console) -> None:
    title = f"{one_line(cut(result.lab, 60))}  {one_line(cut(result.submission.id, 80))}"
    _say(console, f"{title}  {wording.score(result.score, result.max_score)}", "bold")
    for line in adjustments(result)[:_MOST_LINES]:
        _say(console, one_line(cut(line, 300)), indent=2)
    tasks = result.tasks
    if not _print_all_passed(tasks, _("All {checks} passed: {score} points."), console):
        _print_tasks(tasks, console, result.lab, _("In all"))
    if result.training:
        _print_training(result.training, console)


def say(sentence: str, console: Console, style: str = "") -> None:
    """Print a sentence of ours, whatever names and messages of others it quotes.

    Nothing in it moves the cursor or is a command to a CI runner, no line is wrapped, and all can be written.
    """
    for line in sentence.split("\n"):
        console.print(_text(log_line(visible(line)), console, style), soft_wrap=True)


def print_run(
    tasks: Sequence[TaskResult], console: Console, lab: str, language: Language = ENGLISH, *, part: bool = False
) -> None:
    """Print a student's own run: tasks with their points, the first check to mend in full, the others briefly.

    Where every check passes, one line says so and nothing else is printed. `part` tells that only some of the visible
    checks ran, of which that line must not say more than it knows.
    """
    with speaking(language):
        shown = translate_tasks(tell_once(tasks), language)
        passed = _("All {checks} passed: {score} points.")
        if part:
            passed = _("Every check of this selection passed: {score} points.")
        if not _print_all_passed(shown, passed, console):
            _print_tasks(shown, console, lab, _("So far"))


def _print_all_passed(tasks: Sequence[TaskResult], sentence: str, console: Console) -> bool:
    checks = [check for task in tasks for check in task.checks]
    passed = all(check.outcome is Outcome.PASSED for check in checks)
    if passed:
        _say(console, sentence.format(checks=wording.checks(len(checks)), score=_score(tasks)), "green")
    return passed


def _print_tasks(tasks: Sequence[TaskResult], console: Console, lab: str, total: str) -> None:
    checks = [check for task in tasks for check in task.checks]
    _print_faults([check for check in checks if check.outcome is Outcome.HARNESS_ERROR], console)
    _print_overview(tasks, console, total)
    first = next(iter(next_steps(tasks, 1)), None)
    if first:
        _say(console, "\n" + _("Do this first"), "bold")
        _print_check(first, lab, console)
    rest = {task.name: [c for c in task.checks if c is not first and c.outcome not in _SETTLED] for task in tasks}
    if any(rest.values()):
        _say(console, "\n" + _("Then"), "bold")
        for task in tasks:
            _print_rest(task, rest[task.name], console)


def _print_check(check: CheckResult, lab: str, console: Console) -> None:
    """Print one check in full: what was called, what came back, what was expected, the hint, where to read."""
    title, points = one_line(cut(check.title, _LENGTH)), wording.to_earn(check)
    if check.hidden:
        title = _("{title} ({points} to earn, a hidden check)", title=title, points=points)
    else:
        title = _("{title} ({points} to earn)", title=title, points=points)
    _say(console, title, _style(check), label=_symbol(check.outcome, console))
    facts = [("", _message(check))]
    if check.example:
        example = check.example
        facts += [("called", example.call), ("returned", example.returned or "")]
        facts += [("expected", example.expected or ""), ("", compare(example, _LENGTH).sentence)]
        facts += [("", example.traceback or "")] if (example.traceback or "") not in check.message else []
    facts += [("hint", check.hint), ("read", where_to_read(lab, check.lesson))]
    for label, text in facts:
        if text.strip():
            shown = _(label).ljust(_WIDEST) if label else ""
            _say(console, cut(text.strip("\n"), _LENGTH), indent=2, label=shown)


def _print_faults(faults: Sequence[CheckResult], console: Console) -> None:
    if faults:
        undecided = _("{checks} not decided.", checks=wording.checks(len(faults)))
        _say(console, f"{undecided} {_(wording.OUR_FAULT)}", "bold yellow")
    for check in faults[:_MOST_LINES]:
        line = f"{one_line(cut(check.title, 120))}: {one_line(cut(check.message, 200))}"
        _say(console, line, label=_symbol(check.outcome, console))


def _print_overview(tasks: Sequence[TaskResult], console: Console, total: str) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("Task"), no_wrap=True)
    table.add_column(_("Checks passed"), justify="right")
    table.add_column(_("Points"), justify="right")
    for task in tasks:
        title = _text(log_line(one_line(cut(task.title, 80))), console)
        table.add_row(title, _passed(task.checks), wording.score(task.points, task.max_points))
    checks = [check for task in tasks for check in task.checks]
    table.add_row(total, _passed(checks), _score(tasks), style="bold")
    console.print()
    console.print(table)


def _print_rest(task: TaskResult, rest: Sequence[CheckResult], console: Console) -> None:
    """Print what a task still asks for; its checks that are not started, or wait for others, share a line."""
    loud = sorted((check for check in rest if check.outcome in _STYLES), key=stops_all, reverse=True)
    title = one_line(cut(task.title, 80))
    if loud:
        _say(console, title)
    for check in loud[:_MOST_LINES]:
        _print_briefly(check, console)
    if len(loud) > _MOST_LINES:
        _say(console, _("and {count} more", count=len(loud) - _MOST_LINES), indent=4)
    quiet = Counter(check.outcome for check in rest if check.outcome not in _STYLES)
    if quiet:
        what = ", ".join(f"{wording.LABELS[one].word.lower()} ({wording.checks(quiet[one])})" for one in quiet)
        line = what if loud else f"{title}: {what}"
        _say(console, line, indent=2 if loud else 0, label=_symbol(next(iter(quiet)), console))


def _print_briefly(check: CheckResult, console: Console) -> None:
    """Print a check's title, and below it, or beside where both fit, why it did not pass.

    That is cut to a row, but for a file that cannot be imported, where the line at fault would be lost.
    """
    title, why = one_line(cut(check.title, 120)), one_line(_message(check))
    indent = len(f"  {_symbol(check.outcome, console)}")
    beside = why and cell_len(f"{title}: {why}") <= console.width - indent
    _say(
        console, f"{title}: {why}" if beside else title, _style(check), indent=2, label=_symbol(check.outcome, console)
    )
    if why and not beside:
        shown = cut(why, _LENGTH) if stops_all(check) else _first_row(why, console.width - indent)
        _say(console, shown, indent=indent)


def _message(check: CheckResult) -> str:
    """A check's message; a file that cannot be imported is named in it once."""
    return _TWICE.sub(r"\1\2", check.message, count=1) if stops_all(check) else check.message


def _first_row(text: str, width: int) -> str:
    """Cut a text to one row, after a whole word."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 2).rpartition(' ')[0].rstrip()} …"


def _print_training(training: TrainingResult, console: Console) -> None:
    model, device = (one_line(cut(name, 80)) for name in (training.model, training.device))
    seconds = wording.duration(training.seconds)
    about = _("{model} on {device}, {seconds}.", model=model, device=device, seconds=seconds)
    _say(console, "\n" + _("Training run"), "bold")
    _say(console, f"{about} {one_line(cut(wording.why(training), 200))}", indent=2)
    compared = [measure for measure in training.measurements.values() if measure.base is not None]
    weighty = sorted(compared, key=lambda measure: measure.max_points or 0, reverse=True)[:3]
    if weighty:
        _say(console, " · ".join(map(_measure, weighty)), indent=2)
    found = [f"{one_line(cut(p.title, 60))}: {one_line(cut(p.cure, 200))}" for p in training.pitfalls[:2]]
    if found or training.outcome is Outcome.PASSED:
        _say(console, " ".join(found) or _("No pitfall found."), indent=2)
    if graded := sum(measure.max_points is not None for measure in training.measurements.values()):
        _say(console, _("Of the checks above, {count} are its measures.", count=graded), indent=2)


def _measure(measure: Measure) -> str:
    return one_line(cut(f"{measure.title}: {wording.quantity(measure.value, cut(measure.unit, 20))}", 100))


def _passed(checks: Sequence[CheckResult]) -> str:
    return f"{sum(check.outcome is Outcome.PASSED for check in checks)}/{len(checks)}"


def _score(tasks: Sequence[TaskResult]) -> str:
    return wording.score(sum(task.points for task in tasks), sum(task.max_points for task in tasks))


def _symbol(outcome: Outcome, console: Console) -> str:
    label = wording.LABELS[outcome]
    return f"{label.ascii if console.options.ascii_only else label.symbol} "


def _style(check: CheckResult) -> str:
    return _STYLES.get(check.outcome, "")


def _say(console: Console, line: str, style: str = "", indent: int = 0, label: str = "") -> None:
    """Print text wrapped to the console, its later lines standing under the first one's text."""
    prefix = " " * indent + label
    for row in _text(line, console, style).wrap(console, max(20, console.width - len(prefix))):
        shown = log_line(f"{prefix}{row.plain}".rstrip())
        console.print(Text(shown, style=style), soft_wrap=True)
        prefix = " " * len(prefix)


def _text(line: str, console: Console, style: str = "") -> Text:
    """Return text in which nothing is markup, nothing moves the cursor, and all can be written to this console."""
    writable = visible(cut(line, 2 * _LENGTH)).encode(console.encoding, "backslashreplace").decode(console.encoding)
    return Text(writable, style=style, overflow="fold")
