"""`grader grade` and `grader demo`."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.cli.options import Device, DeviceOption, LabOption, LangOption, ModelOption, OutOption, SeedOption
from grader.results import Result

if TYPE_CHECKING:
    from grader.lab import Lab
    from grader.language import Language
    from grader.tracking import Tracked


class Format(StrEnum):
    """How `grade` prints its result on stdout."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


class Track(StrEnum):
    """Where the run's curves are written beside the report."""

    AUTO = "auto"
    TENSORBOARD = "tensorboard"
    WANDB = "wandb"
    NONE = "none"


def grade(
    path: Annotated[Path, typer.Argument(help="The submission: a folder, a zip or a tar.")],
    lab: LabOption = None,
    model: ModelOption = "auto",
    device: DeviceOption = Device.AUTO,
    seed: SeedOption = None,
    out: OutOption = Path("reports"),
    fail_under: Annotated[float | None, typer.Option("--fail-under", help="Exit 1 below this score.")] = None,
    format: Annotated[Format, typer.Option("--format", help="What to print on stdout.")] = Format.TEXT,
    data: Annotated[
        Path | None, typer.Option("--data", help="Your own project: its pairs, a .jsonl file.", show_default=False)
    ] = None,
    voice: Annotated[
        Path | None, typer.Option("--voice", help="Your own project: its voice, a .toml file.", show_default=False)
    ] = None,
    track: Annotated[
        Track, typer.Option("--track", help="The run's curves: TensorBoard where it is installed, or W&B offline.")
    ] = Track.AUTO,
    lang: LangOption = None,
) -> None:
    """Grade one submission and write its report."""
    from grader.grade import grade_one, write_result
    from grader.lab import find_lab
    from grader.progress import show_progress
    from grader.tracking import find_tracker
    from grader.training.project import read_project

    tracker = find_tracker(track)
    found = find_lab(lab)
    language = found.language(lang)
    project = read_project(data, voice)
    with show_progress(path.name or str(path)) as progress:
        result = grade_one(path, found, model, device, seed, progress, project)
    folder = out / result.lab / result.submission.id
    tracked = _track(result, folder, tracker)
    page = write_result(result, folder, language, tracked)
    if format is Format.GITHUB:
        _print_for_github(result, found, path, language)
    else:
        _print_result(result, format, page, language, tracked)
    below = _tell_below(result, fail_under, format, language)
    raise typer.Exit(3 if result.harness_faults() else int(below))


def demo(out: OutOption = Path("reports/demo"), seed: SeedOption = 7, lang: LangOption = None) -> None:
    """Grade three bundled submissions of very different quality, a real training run each."""
    from grader.demo import run_demo

    raise typer.Exit(run_demo(out, seed or 0, lang, Console(highlight=False)))


def _track(result: Result, folder: Path, tracker: str | None) -> "Tracked | None":
    """Track a run. A tracker that fails costs its curves and a sentence on stderr, and no grade."""
    from grader.render.terminal import say
    from grader.tracking import track

    try:
        return track(result, folder, tracker) if tracker else None
    except Exception as error:  # a library of others, with errors of its own
        say(f"Not tracked with {tracker}: {type(error).__name__}: {error}", Console(stderr=True, highlight=False))
        return None


def _print_result(result: Result, format: Format, page: Path, language: "Language", tracked: "Tracked | None") -> None:
    from grader.language import gettext as _
    from grader.language import speaking
    from grader.render.terminal import print_result, say
    from grader.results import encode

    if format is Format.JSON:
        sys.stdout.write(encode(result).decode())
    else:
        console = Console(highlight=False)
        print_result(result, console, language)
        with speaking(language):
            say(_("Report: {page}", page=page), console)
            if tracked:
                say(_("Curves: {command}", command=f"{tracked.program} {page.parent / tracked.shown}"), console)


def _print_for_github(result: Result, lab: "Lab", path: Path, language: "Language") -> None:
    from grader.feedback.places import locate
    from grader.render.annotations import render_annotations
    from grader.render.github import render_summary

    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    typer.echo(render_annotations([locate(result, lab, path, root)], language=language), nl=False)
    _append_summary(render_summary(result, language=language))


def _tell_below(result: Result, fail_under: float | None, format: Format, language: "Language") -> bool:
    """Return whether a score lies below the threshold, and say so where it does; on stderr, which no program reads."""
    from grader.language import speaking
    from grader.render.terminal import say
    from grader.render.wording import below_points

    if fail_under is None or result.score >= fail_under:
        return False
    with speaking(language):
        said = below_points(result.score, fail_under)
    say(said, Console(stderr=True, highlight=False))
    if format is Format.GITHUB:
        _append_summary(f"\n{said}\n")
    return True


def _append_summary(text: str) -> None:
    """Append to the summary that GitHub shows, where this runs on one of its runners."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(text)
