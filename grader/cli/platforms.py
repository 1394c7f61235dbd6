"""`grader export-data`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.cli.options import LabOption
from grader.platforms.catalog import Service


def export_data(
    path: Annotated[Path, typer.Argument(help="A submission, or a .jsonl file of pairs.")],
    to: Annotated[Service, typer.Option("--to", help="The platform that is to train on them.")],
    system: Annotated[str, typer.Option("--system", help="A system text for every row.")] = "",
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=100, help="Passes that the cost is for.")] = 3,
    price: Annotated[
        float | None, typer.Option("--price", min=0, help="US dollars a million training tokens, as you read it.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write.", show_default="stdout")] = None,
    check: Annotated[bool, typer.Option("--check", help="PATH is in the platform's form: only check it.")] = False,
    lab: LabOption = None,
) -> None:
    """Write a student's pairs as a fine-tuning platform takes them; say its rules, the cost, and whether it is open."""
    from grader.platforms.command import Plan, run_check, run_export
    from grader.render.terminal import say

    plan = Plan(epochs, price, datetime.now(UTC).date())
    if check:
        report = run_check(path, to, lab, plan)
    else:
        content, report = run_export(path, to, lab, system, plan, out)
        if out is None:
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
    console = Console(stderr=True, highlight=False)
    for line in report:
        say(line, console)
