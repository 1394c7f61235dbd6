"""`grader export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from grader.render.exports import Gradebook


def export(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A result.json, or the folder of a class.")],
    to: Annotated[Gradebook, typer.Option("--to", help="The gradebook that is to import it.")],
    template: Annotated[
        Path | None, typer.Option("--template", help="What Canvas or Moodle exported: its students and numbers.")
    ] = None,
    assignment: Annotated[
        str, typer.Option("--assignment", help="Canvas: the assignment's title, or its number.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="A file (a folder for Gradescope).")] = None,
) -> None:
    """Write the grades of a class, or of one submission, as a gradebook imports them."""
    from grader.exporting import export as write_export
    from grader.render.text import log_line, one_line

    notes = write_export(results, to, template, assignment, out)
    console = Console(stderr=True, highlight=False)
    for note in notes:
        console.print(Text(log_line(one_line(note))), soft_wrap=True)
