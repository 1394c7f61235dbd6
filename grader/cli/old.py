"""The command line: it parses, calls, prints and picks the exit code; it decides nothing else.

Exit codes: 0 graded, whatever the grade · 1 below --fail-under · 2 wrong usage or an unreadable path · 3 our fault.
"""

import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from grader import __version__
from grader.errors import GraderError
from grader.results import Result

app = typer.Typer(
    name="grader",
    help="Grade the fine-tuning lab: checks, a real training run, and a report that teaches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The models that a training run may use.", invoke_without_command=True)
app.add_typer(models_app, name="models")


class Format(StrEnum):
    """How `grade` prints its result on stdout."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class Device(StrEnum):
    """Where the training run and its judge work."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


LabOption = Annotated[
    str | None, typer.Option("--lab", help="A lab's name, or its folder.", show_default="the lab marked default")
]
ModelOption = Annotated[str, typer.Option("--model", help="A model of lab.toml, a local folder, or auto.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where to train and judge.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="Repeat a grading exactly (default: drawn anew).")
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the reports.")]


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"grader {__version__}")
        raise typer.Exit


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="The submission: a folder, a zip or a tar.")],
    lab: LabOption = None,
    model: ModelOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = None,
    out: OutOption = Path("reports"),
    fail_under: Annotated[float | None, typer.Option("--fail-under", help="Exit 1 below this score.")] = None,
    format: Annotated[Format, typer.Option("--format", help="What to print on stdout.")] = Format.TEXT,
) -> None:
    """Grade one submission and write its report."""
    from grader.grade import prepare, write_result
    from grader.progress import show_progress

    with show_progress(path.name or str(path)) as progress, prepare(lab, model, device, seed, progress) as grading:
        result = grading.grade(path)
    page = write_result(result, out / result.lab / result.submission.id)
    _print_result(result, format, page)
    raise typer.Exit(_exit_code(result, fail_under))


@app.command()
def demo(out: OutOption = Path("reports/demo"), seed: SeedOption = 7) -> None:
    """Grade three bundled submissions of very different quality, a real training run each."""
    from grader.demo import run_demo

    raise typer.Exit(run_demo(out, seed or 0, Console(highlight=False)))


@app.command()
def doctor(lab: LabOption = None) -> None:
    """Say whether this machine is ready, and how to mend what is not."""
    from grader.doctor import print_doctor

    raise typer.Exit(print_doctor(lab, Console(highlight=False)))


@models_app.callback()
def models(context: typer.Context, lab: LabOption = None) -> None:
    """List the models of a lab, and which of them are really there."""
    if context.invoked_subcommand is None:
        from grader.models import print_models

        print_models(lab, Console(highlight=False))


@models_app.command()
def fetch(name: Annotated[str, typer.Argument(help="A model of lab.toml.")], lab: LabOption = None) -> None:
    """Fetch and convert a model into this user's cache, once."""
    from grader.models import fetch_model
    from grader.progress import show_progress

    with show_progress(name) as progress:
        folder = fetch_model(name, lab, progress)
    typer.echo(f"{name} is ready: {folder}")


def _print_result(result: Result, format: Format, page: Path) -> None:
    from grader.render.github import render_annotations, render_summary
    from grader.render.terminal import print_result
    from grader.results import encode

    if format is Format.JSON:
        sys.stdout.write(encode(result).decode())
    elif format is Format.GITHUB:
        typer.echo(render_annotations(result))
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as stream:
                stream.write(render_summary(result))
    else:
        console = Console(highlight=False)
        print_result(result, console)
        console.print(Text(f"Report: {page}"), soft_wrap=True)


def _exit_code(result: Result, fail_under: float | None) -> int:
    if result.harness_faults():
        return 3
    return 1 if fail_under is not None and result.score < fail_under else 0


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
    Console(stderr=True, highlight=False).print(Text(f"grader: {sentence}"), soft_wrap=True)
