"""`grader experiment`: read, run what is not kept yet, draw the curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from grader.errors import UsageError
from grader.experiment.curves import Panel, make_panels
from grader.experiment.data import Data, read_data
from grader.experiment.grid import Cell, list_cells, read_numbers
from grader.experiment.runs import Experiment, ends_all
from grader.grade import take_in_or_suggest
from grader.lab import find_lab
from grader.progress import show_progress
from grader.render.html import render_page
from grader.render.terminal import say
from grader.results import Outcome, write_atomically
from grader.training import ModelChoice, choose_model
from grader.training.fit import check_fit
from grader.worker import Server

POINTS, PAGE = "experiment.json", "index.html"


@dataclass(frozen=True)
class Wanted:
    """What was asked for: the grid as it was typed, whose data, on which model, with which seed, and where to."""

    examples: str
    rates: str
    ranks: str
    data: Path | None
    voice: Path | None
    model: str
    device: str
    seed: int
    out: Path


def run_experiment(path: Path, lab: str | None, wanted: Wanted, console: Console) -> int:
    """Run the grid with a submission's fine_tune and write the page. Raises UsageError, HarnessError.

    Return the exit code: 1 where no run came to its end.
    """
    found = find_lab(lab)
    if not any(task.measures for task in found.spec.tasks):
        raise UsageError(f"{found.name} has no training run, so there is nothing to vary.")
    if wanted.voice and not wanted.data:
        raise UsageError("--voice goes with --data: the bundled pairs have a voice of their own.")
    data = read_data(wanted.data, wanted.voice, wanted.seed)
    cells, notes = _plan(wanted, data)
    with show_progress("experiment") as progress, take_in_or_suggest(path, found) as submission:
        progress("choosing the model")
        choice = choose_model(found, wanted.model, wanted.device, progress)
        check_fit(data.pairs, data.name, choice)
        folder = wanted.out / found.name / submission.info.id
        progress("starting the warm server")
        with Server.start(choice.device) as server:
            experiment = Experiment(
                server,
                submission.root,
                submission.info.sha256,
                found.spec.limits,
                choice,
                data,
                wanted.seed,
                folder / POINTS,
                progress,
            )
            points = experiment.run(cells)
    if ends_all(points[-1]):
        say(points[-1].message, console)
        return 1
    panels = make_panels(points)
    write_atomically(folder / PAGE, render(panels, submission.info.id, choice, data).encode())
    for line in [*notes, *_report(panels), f"Curves: {folder / PAGE}"]:
        say(line, console)
    if any(point.outcome is Outcome.PASSED for point in points):
        return 0
    say("No run came to its end, so there is no curve.", console)
    return 1


def render(panels: Sequence[Panel], name: str, choice: ModelChoice, data: Data) -> str:
    """Return the page; it loads nothing."""
    return render_page(
        "experiment.html",
        panels=panels,
        name=name,
        model=choice.name,
        device=choice.device,
        data=data.name,
        questions=len(data.heldout.questions),
    )


def _plan(wanted: Wanted, data: Data) -> tuple[list[Cell], list[str]]:
    sizes = [int(size) for size in read_numbers(wanted.examples, "--examples", whole=True)]
    here = len(data.heldout.pool)
    enough = [size for size in sizes if size <= here]
    if not sizes:
        raise UsageError("--examples names no number; give some with commas between them, as 10,20,50.")
    if not enough:
        raise UsageError(
            f"--examples {wanted.examples!r}: {data.name} leave {here} to train on; name a smaller number."
        )
    ranks = [int(rank) for rank in read_numbers(wanted.ranks, "--ranks", whole=True)]
    left_out = ", ".join(str(size) for size in sizes if size > here)
    notes = [f"Left out, for {data.name} leave {here} to train on: {left_out} examples."] if left_out else []
    return list(list_cells(enough, read_numbers(wanted.rates, "--rates"), ranks)), notes


def _report(panels: Sequence[Panel]) -> list[str]:
    lines = []
    for panel in panels:
        lines.append(f"{panel.title}:")
        for point in panel.points:
            numbers = point.message
            if point.heldout:
                share = f", {point.adoption[1]:.0%} in the voice" if point.adoption else ""
                numbers = (
                    f"held-out loss {point.heldout[0]:.2f} to {point.heldout[1]:.2f}{share}, {point.seconds:.0f} s"
                )
            lines.append(f"  {point.cell.value:g}: {numbers}")
        lines += [f"  {remark}" for remark in panel.remarks]
    return lines
