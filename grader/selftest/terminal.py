"""The kill matrix in a terminal: a line for each sample, a character for each check that it does not pass alone."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from grader.results import Outcome
from grader.selftest.rates import rates
from grader.selftest.records import Selftest, Trial

_NAME = 52  # characters for a sample's name
_PASSED, _LOST, _FOUND = "·", "✗", "●"


def print_selftest(selftest: Selftest, console: Console) -> None:
    """Print every sample's row, then what did not go as it must, then the rates."""
    for trial in selftest.trials:
        console.print(_row(trial), soft_wrap=True)
    console.print(
        Text(f"\n{_PASSED} passed   {_LOST} not passed   {_FOUND} not passed, as declared; the other tasks pass")
    )
    for trial in selftest.failed:
        console.print(Text(f"{trial.name} (seed {trial.seed}): {trial.complaint}", style="red"), soft_wrap=True)
    for trial in selftest.trials:
        if trial.hinted is False:
            line = f"{trial.name} (seed {trial.seed}): told first: {' '.join(trial.told.split())}"
            console.print(Text(line, style="yellow"), soft_wrap=True)
    console.print()
    for rate in rates(selftest.trials):
        line = f"{rate.hits} of {rate.total} {rate.title} (95 %: {rate.low:.1%} to {rate.high:.1%})"
        console.print(Text(line, style="bold"), soft_wrap=True)
    console.print(Text(f"Confined at the level {', '.join(selftest.levels)}; model {selftest.model or 'none'}."))


def _row(trial: Trial) -> Text:
    tasks = dict.fromkeys(id.partition(".")[0] for id in trial.checks)
    marks = [f"{task} {_marks(trial, task)}" for task in tasks if not _passes(trial, task)]
    row = Text(f"{trial.name[:_NAME]:<{_NAME}} ")
    row.append("as it must  " if not trial.complaint else "NOT SO      ", style="red" if trial.complaint else "green")
    return row.append("  ".join(marks) or f"all {len(trial.checks)} passed")


def _marks(trial: Trial, task: str) -> str:
    return "".join(mark(trial, id) for id in _checks_of(trial, task))


def mark(trial: Trial, id: str) -> str:
    """Return one cell of the matrix as a character; a blank for a check that did not run."""
    if id not in trial.checks:
        return ""
    if trial.checks[id] is Outcome.PASSED:
        return _PASSED
    return _FOUND if id in trial.declared else _LOST


def _passes(trial: Trial, task: str) -> bool:
    return all(trial.checks[id] is Outcome.PASSED for id in _checks_of(trial, task))


def _checks_of(trial: Trial, task: str) -> Sequence[str]:
    return [id for id in trial.checks if id.partition(".")[0] == task]
