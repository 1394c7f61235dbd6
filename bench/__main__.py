"""`python -m bench [SUITE …]`: run the suites, print a table each, write bench/results/SUITE.json."""

import importlib
import subprocess
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.pairs import Pair, report
from grader.results import write_atomically

HERE = Path(__file__).parent
SUITES = ("worker", "student")


def main(names: list[str]) -> None:
    """Run the named suites, or all."""
    console = Console(highlight=False)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout
    for name in names or SUITES:
        pairs: list[Pair] = importlib.import_module(f"bench.{name}").measure()
        data = msgspec.json.encode(report(name, commit.strip(), pairs))
        write_atomically(HERE / "results" / f"{name}.json", msgspec.json.format(data) + b"\n")
        console.print(_table(pairs))


def _table(pairs: list[Pair]) -> Table:
    table = Table("what", "A", "median", "B", "median", "B/A", box=None, pad_edge=False)
    for pair in pairs:
        sides = (pair.a.name, f"{pair.a.median_s:.3f} s", pair.b.name, f"{pair.b.median_s:.3f} s")
        table.add_row(pair.title, *sides, f"{pair.ratio:.1f}")
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
