"""`grader feedback`: what CI runs on a pull request, and what it runs afterwards with a token."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.commands import Command, Group
from grader.cli.options import Device, DeviceOption, LangOption, ModelOption, OutOption, SeedOption

if TYPE_CHECKING:
    from grader.feedback.run import Feedback

feedback_app = typer.Typer(cls=Group, help="Feedback on a pull request, for CI.", no_args_is_help=True)


class Platform(StrEnum):
    """What goes to stdout: a plain log (GitLab reads OUT/codequality.json beside it), or GitHub's annotations."""

    TEXT = "text"
    GITHUB = "github"


@feedback_app.command("grade", cls=Command)
def grade_changes(
    tree: Annotated[Path, typer.Argument(metavar="TREE", help="The checkout with the change in it.")],
    base: Annotated[Path, typer.Option("--base", help="The tree before the change: labs, tests and solutions count.")],
    lab: Annotated[
        str | None, typer.Option("--lab", help="Grade this lab, changed or not.", show_default="each changed one")
    ] = None,
    model: ModelOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = None,
    out: OutOption = Path("reports/feedback"),
    fail_under: Annotated[
        float | None,
        typer.Option("--fail-under", min=0, max=100, help="Exit 1 where a lab has less, in per cent of its points."),
    ] = None,
    format: Annotated[Platform, typer.Option("--format", help="What to print on stdout.")] = Platform.TEXT,
    lang: LangOption = None,
) -> None:
    """Grade the labs that a change touches; run it from a folder that the change cannot write to."""
    from grader.feedback.run import Terms, give_feedback
    from grader.progress import show_progress

    with show_progress("feedback") as progress:
        given = give_feedback(tree.resolve(), base, Terms(model, device, seed, fail_under, lab, lang), out, progress)
    _print(given, format)
    raise typer.Exit(given.exit_code)


@feedback_app.command("comment", cls=Command)
def comment_on_run(lang: LangOption = None) -> None:
    """Post or update the one comment on a pull request, in a workflow_run workflow of GitHub's."""
    from grader.feedback.comment import comment

    typer.echo(comment(os.environ, lang))


def _print(given: "Feedback", format: Platform) -> None:
    from grader.render.annotations import render_annotations
    from grader.render.terminal import print_result, say

    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    for lab in given.labs:
        if lab.below:
            say(f"{lab.name}: {lab.below}", errors)
    if format is Platform.GITHUB:
        typer.echo(render_annotations(given.located, given.refusals, given.language), nl=False)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as stream:
                stream.write(given.summary)
        return
    if not given.labs:
        typer.echo(given.summary, nl=False)
    for located in given.located:
        print_result(located.result, console, given.language)
    for refusal in given.refusals:
        say(f"{refusal.title}: {refusal.message}", console)
