"""`grader batch` and `grader merge`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, DeviceOption, LabOption, LangOption, ModelOption, SeedOption


class Attempt(StrEnum):
    """Which of a student's attempts counts."""

    LATEST = "latest"
    BEST = "best"


class EngineName(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    RAY = "ray"


def batch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The class: folders and archives, or a bulk download.")],
    lab: LabOption = None,
    model: ModelOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="At once.", show_default="cores")] = None,
    engine: Annotated[EngineName, typer.Option("--engine", help="Where the work is done.")] = EngineName.LOCAL,
    shard: Annotated[str | None, typer.Option("--shard", metavar="i/n", help="Grade one part of n only.")] = None,
    attempt: Annotated[Attempt, typer.Option("--attempt", help="Which attempt counts.")] = Attempt.LATEST,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="A CSV of the class: who is missing, by name.")
    ] = None,
    overrides: Annotated[
        Path | None, typer.Option("--overrides", help="Decisions by hand.", show_default="OUT/overrides.toml")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the reports.", show_default="reports/LAB")
    ] = None,
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Pseudonyms in place of names on the class page.")
    ] = False,
    why: Annotated[str | None, typer.Option("--why", metavar="ID", help="Say why ID would be graded again.")] = None,
    allow_unconfined: Annotated[
        bool, typer.Option("--allow-unconfined", help="Grade where student code cannot be confined.")
    ] = False,
    lang: LangOption = None,
) -> None:
    """Grade a class. Run it again to go on where it stopped, and to grade what has changed."""
    from grader.batch.attendance import Class
    from grader.batch.command import explain, run_batch
    from grader.batch.jobs import Engine
    from grader.batch.local import open_local
    from grader.batch.settings import Asked, Terms
    from grader.batch.shards import read_shard
    from grader.errors import UsageError
    from grader.lab import find_lab

    if shard and seed is None:
        raise UsageError("--shard needs --seed, the same for every part: parts know nothing of one another.")
    # One thread a submission, since as many are graded at once as there are cores; and the numbers depend on it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = find_lab(lab)
    asked = Asked(found, model, device, seed, allow_unconfined, lang)
    part = read_shard(shard) if shard else None
    group = Class(folder, out or Path("reports", found.name), attempt.value, part, roster, overrides, pseudonymous)
    console = Console(highlight=False)
    if why:
        raise typer.Exit(explain(asked, group, why, console))

    def open_engine(terms: Terms) -> Engine:
        if engine is EngineName.LOCAL:
            return open_local(terms, jobs)
        from grader.batch.cluster import RayEngine

        return RayEngine(terms, jobs)

    raise typer.Exit(run_batch(asked, group, open_engine, console))


def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The --out of the parts.")],
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Pseudonyms in place of names on the class page.")
    ] = False,
) -> None:
    """Put together the parts of a class that `grader batch --shard` graded."""
    from grader.batch.command import merge as merge_parts

    raise typer.Exit(merge_parts(out, Console(highlight=False), pseudonymous=pseudonymous))
