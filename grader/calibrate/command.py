"""`grader calibrate`: run, set the bands, state the odds, write it all beside the lab's solutions."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.batch.settings import for_a_class
from grader.calibrate.bands import Separation, separate
from grader.calibrate.campaign import Campaign
from grader.calibrate.odds import find_odds
from grader.calibrate.page import render_page
from grader.calibrate.records import RIGHT, Run, drop_outdated
from grader.calibrate.toml import render_toml
from grader.errors import LabError, UsageError
from grader.grade import prepare
from grader.lab import Lab
from grader.progress import show_progress
from grader.results import write_atomically
from grader.training import ModelChoice
from grader.training.calibration import Calibration, calibration_name, load_calibration
from grader.training.devices import cores

FEWEST_SEEDS = 3
"""Fewer values than that have no tolerance bound."""


def run_calibration(lab: str | None, model: str, device: str, seeds: int, jobs: int | None, console: Console) -> int:
    """Calibrate one model and return the exit code: 0, or 1 where a measure does not tell right from wrong."""
    if seeds < FEWEST_SEEDS:
        raise UsageError(f"--seeds {seeds}: at least {FEWEST_SEEDS}, please; with fewer there is no bound to set.")
    with show_progress("calibrate") as progress, prepare(lab, model, device, 0, progress) as grading:
        if grading.choice is None or grading.lab.solutions is None:
            raise LabError(f"{grading.lab.name} has no training run to calibrate here.")
        choice = for_a_class(grading.choice)
        folder = grading.lab.solutions / "calibration"
        name = calibration_name(choice)
        at_once = jobs or (cores() if choice.device == "cpu" else 1)
        runs = Campaign(grading, choice, folder / f"{name}.jsonl", at_once).run(seeds, progress)
        drop_outdated(folder / f"{name}.jsonl", runs)
        calibration, separations = _calibrate(grading.lab, choice, runs)
    write_atomically(folder / f"{name}.toml", render_toml(calibration, separations).encode())
    write_atomically(folder / f"{name}.html", render_page(calibration, separations, runs).encode())
    _print(console, calibration, separations, folder / f"{name}.html")
    return 0 if all(each.separates for each in separations) else 1


def _calibrate(lab: Lab, choice: ModelChoice, runs: list[Run]) -> tuple[Calibration, list[Separation]]:
    parameters = choice.profile.parameters_m if choice.profile else 0.0
    before, _note = load_calibration(lab, choice, int(parameters * 1e6))
    worth = {name for task in lab.spec.tasks for name in task.measures}
    separations = [separate(name, runs, band) for name, band in before.bands.items() if name in worth]
    bands = {each.measure: each.band for each in separations}
    calibration = Calibration(
        model=choice.name,
        device=choice.device,
        parameters_m=parameters,
        seeds=sorted({run.seed for run in runs if run.kind == RIGHT}),
        bands=bands,
        odds=find_odds(runs, bands),
    )
    return calibration, separations


def _print(console: Console, calibration: Calibration, separations: list[Separation], page: Path) -> None:
    table = Table("measure", "right, at worst", "wrong, at best", "full points from", "none at", box=None)
    for each in separations:
        wrong = "–" if each.wrong is None else f"{each.wrong:.3g}"
        mark = "" if each.separates else "  does not separate"
        band = each.band
        table.add_row(each.measure + mark, f"{each.right:.3g}", wrong, f"{band.full:g}", f"{band.none:g}")
    console.print(table)
    if odds := calibration.odds:
        console.print(Text(odds.in_words()))
    console.print(Text(f"Written to {page.parent}: {page.stem}.toml, .jsonl and .html"))
