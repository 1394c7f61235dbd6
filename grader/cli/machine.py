"""`grader doctor` and `grader models`: whether this machine is ready, and what it can train."""

from typing import Annotated

import typer
from rich.console import Console

from grader.cli.commands import Command, Group
from grader.cli.options import LabOption

models_app = typer.Typer(cls=Group, help="The models that a training run may use.", invoke_without_command=True)


def doctor(lab: LabOption = None) -> None:
    """Say whether this machine is ready, and how to mend what is not."""
    from grader.doctor import print_doctor

    raise typer.Exit(print_doctor(lab, Console(highlight=False)))


@models_app.callback()
def models(
    context: typer.Context,
    lab: LabOption = None,
    memory: Annotated[bool, typer.Option("--memory", help="What the weights take at 4, 8, 16 and 32 bits.")] = False,
) -> None:
    """List the models of a lab, and which of them are really there."""
    if context.invoked_subcommand is None:
        from grader.models import print_memory, print_models

        (print_memory if memory else print_models)(lab, Console(highlight=False))


@models_app.command(cls=Command)
def fetch(name: Annotated[str, typer.Argument(help="A model of lab.toml.")], lab: LabOption = None) -> None:
    """Fetch and convert a model into this user's cache, once."""
    from grader.models import fetch_model
    from grader.progress import show_progress

    with show_progress(name) as progress:
        folder = fetch_model(name, lab, progress)
    typer.echo(f"{name} is ready: {folder}")
