"""The kill matrix as a page: for each task a table of samples and checks."""

from dataclasses import dataclass

from grader.render.html import render_page
from grader.selftest.rates import rates
from grader.selftest.records import Selftest, Trial
from grader.selftest.terminal import mark


@dataclass(frozen=True)
class Table:
    """One task: its checks, and for each sample that ran one of them the cells of its row."""

    task: str
    checks: list[str]
    rows: list[tuple[Trial, list[str]]]


def render_selftest(selftest: Selftest) -> str:
    """Return a selftest as one self-contained HTML page."""
    tasks = dict.fromkeys(id.partition(".")[0] for id in selftest.checks)
    tables = [table for task in tasks if (table := _make_table(selftest, task)).rows]
    title = f"{selftest.title}: what the grader makes of samples"
    return render_page("selftest.html", title=title, selftest=selftest, tables=tables, rates=rates(selftest.trials))


def _make_table(selftest: Selftest, task: str) -> Table:
    checks = [id for id in selftest.checks if id.partition(".")[0] == task]
    rows = [(trial, [mark(trial, id) for id in checks]) for trial in selftest.trials if set(checks) & set(trial.checks)]
    return Table(task, [id.partition(".")[2] for id in checks], rows)
