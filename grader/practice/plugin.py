"""The student's own loop: what `pytest labs/NAME` says at its end, and the report it writes. A pytest plugin.

It adds to grader/checks/plugin.py what only a person needs; a grading by the grader does not load it.
"""

import os
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from grader.checks.plugin import SESSION
from grader.checks.session import LabSession
from grader.environment import describe_environment
from grader.errors import SubmissionError, UsageError
from grader.intake import fingerprint
from grader.lab import waiting
from grader.language import LANGUAGES, Language, noop, speaking
from grader.language import gettext as _
from grader.practice.progress_file import track_progress
from grader.render.html import render_report
from grader.render.terminal import print_run, say
from grader.results import Result, SandboxInfo, TaskResult, sum_task, tidy, write_atomically

PRACTICE = noop("not needed for practice, where the modules run in your own process")
DEFAULT_LIST = "fE"  # what pytest lists at its end unless -r says otherwise


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the language of the summary and the report."""
    parser.getgroup("grader").addoption(
        "--lang",
        default=os.environ.get("GRADER_LANG") or None,
        help=f"language of the summary and the report: {', '.join(LANGUAGES)} (else GRADER_LANG, else the lab's)",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Leave the telling of failures to the summary below, unless pytest was asked for tracebacks or a list."""
    if SESSION not in config.stash:
        return
    try:
        config.stash[SESSION].lab.language(config.getoption("--lang"))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and config.option.reportchars == DEFAULT_LIST:
        reporter.reportchars = ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the points so far, the first failing check in full and what to do next; tick progress, write the report."""
    session = config.stash.get(SESSION, None)
    a_part = hasattr(config, "workerinput")  # under xdist the controlling process, which hears of all checks, does this
    if session is None or not session.decided or a_part:
        return
    console = Console(highlight=False)
    console.print()
    language = session.lab.language(config.getoption("--lang"))
    with speaking(language):
        _sum_up(session, console, language)


def _sum_up(session: LabSession, console: Console, language: Language) -> None:
    tasks = visible_tasks(session)
    ran, visible = sum(len(task.checks) for task in tasks), sum(len(task.visible) for task in session.lab.spec.tasks)
    print_run(tasks, console, session.lab.name, language, part=ran < visible)
    if ran < visible:
        say(_("This run was of {ran} of the {visible} visible checks.", ran=ran, visible=visible), console)
    say(waiting(session.lab.spec), console)
    for sentence in track_progress(session.lab.spec, session.source, session.decided, date.today()):
        say(sentence, console)
    try:
        result = build_practice_result(session, tasks)
    except SubmissionError as error:
        say(_("No report: {error}", error=error), console)
        return
    # Beside what a grading and a batch write, which is reports/LAB: a student's own run replaces neither.
    page = session.lab.folder.parents[1] / "reports" / "practice" / session.lab.name / "index.html"
    write_atomically(page, render_report(result, language).encode())
    say(_("Report: {page}", page=_shorten(page)), console)


def visible_tasks(session: LabSession) -> list[TaskResult]:
    """Return the tasks with those of their checks that ran; a task of which none ran is left out."""
    tasks = []
    for spec in session.lab.spec.tasks:
        ran = [check for id in spec.points_by_id() if (check := session.decided.get(id)) is not None]
        if ran:
            tasks.append(sum_task(spec.name, spec.title, ran))
    return tasks


def build_practice_result(session: LabSession, tasks: list[TaskResult]) -> Result:
    """Return the result of a student's own run: the checks that ran, no training run, no confinement."""
    return Result(
        lab=session.lab.name,
        submission=fingerprint(session.source, session.lab.expected_files),
        score=tidy(sum(task.points for task in tasks)),
        max_score=tidy(sum(task.max_points for task in tasks)),
        tasks=tasks,
        training=None,
        rubric=[],
        sandbox=SandboxInfo(level="none", mechanisms=[PRACTICE]),
        environment=describe_environment(),
        seed=session.seed or 0,
    )


def _shorten(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
