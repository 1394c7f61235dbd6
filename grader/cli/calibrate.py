"""`grader calibrate`."""

from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, DeviceOption


def calibrate(
    lab: Annotated[str, typer.Argument(help="A lab's name, or its folder.")],
    model: Annotated[str, typer.Option("--model", help="A model of lab.toml, or auto.")] = "auto",
    device: DeviceOption = Device.AUTO,
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each right submission.")] = 20,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Runs at a time; one for each core.")] = None,
) -> None:
    """Set a model's bands from many runs of right and wrong submissions, and state the odds of an error."""
    from grader.calibrate import run_calibration

    raise typer.Exit(run_calibration(lab, model, device, seeds, jobs, Console(highlight=False)))
