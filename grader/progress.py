"""What a waiting person sees on stderr: a live line on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from grader.render.terminal import say
from grader.render.text import cut, log_line, one_line

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def show_progress(title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that tells what is being done now; nothing it is told is read as markup."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _PlainLines(title, console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(log_line(one_line(cut(title, 80))))
        yield lambda message: progress.update(task, description=_line(title, message))


class _PlainLines:
    """A line for each new stage, and one every few seconds within a stage: a log stays readable."""

    def __init__(self, title: str, console: Console) -> None:
        self._title, self._console = title, console
        self._printed: dict[str, float] = {}  # several submissions may be at work, each at a stage of its own

    def __call__(self, message: str) -> None:
        stage, now = message.partition(":")[0], time.monotonic()
        if now - self._printed.get(stage, -SECONDS_BETWEEN_LINES) >= SECONDS_BETWEEN_LINES:
            self._printed[stage] = now
            say(_line(self._title, message), self._console)


def _line(title: str, message: str) -> str:
    """Return one line, whatever the title of a submission holds."""
    return log_line(one_line(cut(f"{title}: {message}", 300)))
