"""`python -m bench [SUITE …] [--size N]`: run suites, print a Markdown table each, write bench/results/SUITE.json."""

import argparse
import importlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.box import MARKDOWN
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.pairs import Row, report
from grader.results import write_atomically

HERE = Path(__file__).parent
SUITES = (
    "counts",
    "worker",
    "student",
    "training",
    "stages",
    "profiles",
    "adversaries",
    "batch",
    "overhead",
    "scaling",
)
CLASSES = ("batch", "overhead", "classroom")  # take a size; `classroom` takes hours, so it runs only where it is named
WIDTH = 160


def main(names: Sequence[str], size: int | None) -> None:
    """Run the named suites, or all but those that take hours; `size` replaces that of a suite over a class."""
    console = Console(highlight=False, width=WIDTH)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout
    for name in names or SUITES:
        sized = {"size": size} if size and name in CLASSES else {}
        rows: Sequence[Row] = importlib.import_module(f"bench.{name}").measure(**sized)
        data = msgspec.json.encode(report(name, commit.strip(), rows))
        write_atomically(HERE / "results" / f"{name}.json", msgspec.json.format(data) + b"\n")
        console.print(_table(rows))


def _table(rows: Sequence[Row]) -> Table:
    table = Table(*rows[0].COLUMNS, box=MARKDOWN)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row.cells()))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("suites", nargs="*", choices=[*SUITES, "classroom"], metavar="SUITE")
    parser.add_argument("--size", type=int, help=f"students in the class, of {' and '.join(CLASSES)}")
    asked = parser.parse_args()
    main(asked.suites, asked.size)
