"""`grader selftest`: tries a lab's samples, prints the kill matrix and writes it down."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from grader.lab import find_lab
from grader.progress import show_progress
from grader.results import write_atomically
from grader.selftest.markdown import render_markdown
from grader.selftest.page import render_selftest
from grader.selftest.plan import choose_samples, load_plan
from grader.selftest.run import Settings, run_selftest
from grader.selftest.terminal import print_selftest


@dataclass(frozen=True)
class Choice:
    """Which samples: of these kinds (all where there are none), matching a pattern, of the fast subset only."""

    kinds: list[str]
    patterns: list[str]
    fast: bool


def selftest_lab(name: str | None, choice: Choice, settings: Settings, out: Path, console: Console) -> int:
    """Try the samples of a lab and report; return 0 where each got what it must, else 1.

    Raises LabError for a lab without samples or with damaged ones, UsageError and HarnessError as a grading does.
    """
    lab = find_lab(name)
    plan, samples = load_plan(lab)
    names = choose_samples(plan, samples, choice.kinds, choice.patterns, fast=choice.fast)
    folder = out / lab.name
    with show_progress("selftest") as progress:
        selftest = run_selftest(lab, samples, names, settings, folder / "trials.jsonl", progress)
    write_atomically(folder / "selftest.json", msgspec.json.format(msgspec.json.encode(selftest), indent=1))
    write_atomically(folder / "selftest.html", render_selftest(selftest).encode())
    write_atomically(folder / "selftest.md", render_markdown(selftest).encode())
    print_selftest(selftest, console)
    console.print(Text(f"Matrix: {folder / 'selftest.html'}"), soft_wrap=True)
    return 1 if selftest.failed else 0
