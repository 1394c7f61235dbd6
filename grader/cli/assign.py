"""`grader assign`."""

from pathlib import Path
from typing import Annotated

import typer


def assign(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="A lab's name, or its folder.")],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="A folder that is new or empty.")],
    git: Annotated[bool, typer.Option("--git", help="Make it a repository with one commit.")] = False,
) -> None:
    """Write the student's copy of a lab; refuse where it would hold an answer."""
    from grader.assign.release import write_release
    from grader.lab import find_lab

    files = write_release(find_lab(lab), dest, git=git)
    typer.echo(f"{dest}: {len(files)} files, and no answer in them. Students begin with its README.md.")
