"""`grader experiment`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, DeviceOption, LabOption, ModelOption, OutOption


def experiment(
    path: Annotated[Path, typer.Argument(help="The submission: a folder, a zip or a tar.")],
    lab: LabOption = None,
    model: ModelOption = "auto",
    device: DeviceOption = Device.AUTO,
    examples: Annotated[str, typer.Option("--examples", help="How many pairs to train on.")] = "10,20,50,100,200",
    rates: Annotated[
        str, typer.Option("--rates", help="Learning rates, for a fine_tune that takes learning_rate; '' for none.")
    ] = "1e-4,2e-4,5e-4,1e-3",
    ranks: Annotated[
        str, typer.Option("--ranks", help="LoRA ranks, for a fine_tune that takes rank; '' for none.")
    ] = "2,8,32",
    data: Annotated[
        Path | None, typer.Option("--data", help="Your own pairs, a .jsonl file.", show_default="240 bundled pairs")
    ] = None,
    voice: Annotated[Path | None, typer.Option("--voice", help="The voice.toml of your own pairs.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Of the split and of every run.")] = 0,
    out: OutOption = Path("reports/experiment"),
) -> None:
    """Run a submission's fine_tune over a small grid and draw what more data, rate and rank bring; resumes."""
    from grader.experiment.command import Wanted, run_experiment

    wanted = Wanted(examples, rates, ranks, data, voice, model, device, seed, out)
    raise typer.Exit(run_experiment(path, lab, wanted, Console(highlight=False)))
