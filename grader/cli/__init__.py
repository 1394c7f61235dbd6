"""The command line: it parses, calls, prints and picks the exit code; it decides nothing else.

Exit codes: 0 graded, whatever the grade · 1 below --fail-under · 2 wrong usage or an unreadable path · 3 our fault.
"""

import os
import sys
import traceback
from typing import Annotated

import typer
from rich.console import Console

from grader import __version__
from grader.cli.assign import assign
from grader.cli.batch import batch, merge
from grader.cli.calibrate import calibrate
from grader.cli.commands import Command, Group
from grader.cli.experiment import experiment
from grader.cli.export import export
from grader.cli.feedback import feedback_app
from grader.cli.grade import demo, grade
from grader.cli.machine import doctor, models_app
from grader.cli.platforms import export_data
from grader.cli.rubric import rubric
from grader.cli.selftest import selftest
from grader.errors import GraderError

app = typer.Typer(
    name="grader",
    cls=Group,
    help="Grade the fine-tuning lab: checks, a real training run, and a report that teaches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    grade,
    batch,
    merge,
    export,
    export_data,
    experiment,
    calibrate,
    assign,
    selftest,
    rubric,
    demo,
    doctor,
):
    app.command(cls=Command)(command)
app.add_typer(models_app, name="models")
app.add_typer(feedback_app, name="feedback")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"grader {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; our own mistakes become one sentence and exit code 3, never a traceback."""
    try:
        app()
    except GraderError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("GRADER_DEBUG"):
            traceback.print_exc()
        _complain(
            f"Something of ours broke: {type(error).__name__}: {error}. "
            "Set GRADER_DEBUG=1 to see where, and please report it; nothing that was written is lost."
        )
        sys.exit(3)


def _complain(sentence: str) -> None:
    from grader.render.terminal import say

    say(f"grader: {sentence}", Console(stderr=True, highlight=False))
