"""`grader rubric`."""

import sys
from typing import Annotated

import typer

from grader.cli.options import LangOption


def rubric(
    lab: Annotated[str | None, typer.Argument(metavar="LAB", help="A lab's name, or its folder.")] = None,
    lang: LangOption = None,
) -> None:
    """Print a lab's rubric as Markdown: success criteria, what shows each, and the levels."""
    from grader.lab import find_lab
    from grader.lab.titles import visible_titles
    from grader.rubric.guide import render_guide

    found = find_lab(lab)
    sys.stdout.write(render_guide(found.spec, visible_titles(found), found.language(lang)))
