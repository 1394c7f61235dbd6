"""`python -m bench [SUITE …]`: run the suites, print a Markdown table each, write bench/results/SUITE.json."""

import importlib
import subprocess
import sys
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
SUITES = ("worker", "student", "adversaries")
WIDTH = 160


def main(names: list[str]) -> None:
    """Run the named suites, or all."""
    console = Console(highlight=False, width=WIDTH)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout
    for name in names or SUITES:
        rows: Sequence[Row] = importlib.import_module(f"bench.{name}").measure()
        data = msgspec.json.encode(report(name, commit.strip(), rows))
        write_atomically(HERE / "results" / f"{name}.json", msgspec.json.format(data) + b"\n")
        console.print(_table(rows))


def _table(rows: Sequence[Row]) -> Table:
    table = Table(*rows[0].COLUMNS, box=MARKDOWN)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row.cells()))
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
