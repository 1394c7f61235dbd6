"""What a person who waits for a batch sees on stderr: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from grader.batch.stages import Count, Step, View
from grader.progress import SECONDS_BETWEEN_LINES

LIVE_SECONDS = 0.25


@contextmanager
def open_view() -> Iterator[View]:
    """Yield the view that fits stderr."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield PlainView(console)
        return
    with Live(console=console, transient=True, auto_refresh=False) as live:
        yield LiveView(live)


class PlainView:
    """A line for a stage when it changes, at most one every few seconds: a log stays readable."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed: dict[Step, tuple[str, float]] = {}

    def show(self, counts: dict[Step, Count]) -> None:
        """See View.show."""
        now = time.monotonic()
        for step, count in counts.items():
            line = describe(step, count, now)
            last, when = self._printed.get(step, ("", 0.0))
            finished = count.done == count.total and not last.startswith(f"{step}: {count.done} of {count.total} done")
            if line != last and (finished or now - when >= SECONDS_BETWEEN_LINES):
                self._printed[step] = line, now
                self._console.print(line, markup=False, soft_wrap=True)


class LiveView:
    """A row a stage, with a bar."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._shown = 0.0

    def show(self, counts: dict[Step, Count]) -> None:
        """See View.show."""
        now = time.monotonic()
        if now - self._shown < LIVE_SECONDS:
            return
        self._shown = now
        table = Table("stage", "", "done", "running", "failed", "time left", box=None, pad_edge=False)
        for step, count in counts.items():
            bar = ProgressBar(total=max(1, count.total), completed=count.done, width=30)
            numbers = f"{count.done} of {count.total}", str(count.running), str(count.failed)
            table.add_row(step, bar, *numbers, time_left(count.seconds_left(now)))
        self._live.update(table, refresh=True)


def describe(step: Step, count: Count, now: float) -> str:
    """Return a stage in one line."""
    left = count.seconds_left(now)
    until = f", about {time_left(left)} left" if left else ""
    return f"{step}: {count.done} of {count.total} done, {count.running} running, {count.failed} failed{until}"


def time_left(seconds: float | None) -> str:
    """Return a duration as a person estimates it."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
