"""`grader selftest`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, DeviceOption


class Kind(StrEnum):
    """Kinds of samples."""

    RIGHT = "right"
    CHAFFS = "chaffs"
    WRONG = "wrong"
    HOSTILE = "hostile"


def selftest(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's name, or its folder.")],
    only: Annotated[list[str] | None, typer.Option("--only", metavar="PATTERN", help="Samples of such a name.")] = None,
    kind: Annotated[list[Kind] | None, typer.Option("--kind", help="Samples of this kind.")] = None,
    model: Annotated[str, typer.Option("--model", help="A model of lab.toml, or a local folder.")] = "tiny-gpt2",
    device: DeviceOption = Device.CPU,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds, from 1 on.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Samples at a time.")] = 2,
    fast: Annotated[bool, typer.Option("--fast", help="The fast subset only, which CI tries.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the matrix.")] = Path("reports/selftest"),
) -> None:
    """Try the grader on submissions that say what they must get. Exit 1 where one gets something else."""
    from grader.selftest.command import Choice, selftest_lab
    from grader.selftest.run import Settings

    # One thread a sample, since several are tried at once.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    choice = Choice(kinds=[str(each) for each in kind or ()], patterns=only or [], fast=fast)
    settings = Settings(model=model, device=device, seeds=list(range(1, seeds + 1)), jobs=jobs)
    raise typer.Exit(selftest_lab(lab, choice, settings, out, Console(highlight=False)))
