"""`grader demo`: three bundled submissions, graded with a real training run each, and an index of their reports."""

import webbrowser
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.grade import prepare, write_result
from grader.lab.folders import PROJECT
from grader.progress import show_progress
from grader.render.index import make_entry, render_index
from grader.render.terminal import print_result
from grader.results import write_atomically

SUBMISSIONS = PROJECT / "fixtures" / "submissions" / "demo"


def run_demo(out: Path, seed: int, console: Console) -> int:
    """Grade the three with the bundled model, write their reports and an index into `out`; return the exit code."""
    with show_progress("demo") as progress, prepare(None, "tiny-gpt2", "cpu", seed, progress) as grading:
        # Two at a time: a grading's checks keep one core busy.
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(grading.grade, sorted(SUBMISSIONS.iterdir())))
        for result in results:
            write_result(result, out / result.submission.id)
    for result in results:
        print_result(result, console)
        console.print()
    page = out / "index.html"
    entries = [make_entry(result) for result in results]
    write_atomically(page, render_index(entries, f"{grading.lab.spec.title}: three submissions").encode())
    console.print(Text(f"Reports: {page}"), soft_wrap=True)
    console.print(
        Text(
            "This run used the bundled tiny-gpt2. For a real 135M-parameter model: "
            "grader grade fixtures/submissions/demo/ada-complete --model smollm2-135m"
        ),
        soft_wrap=True,
    )
    if console.is_terminal:
        webbrowser.open(page.resolve().as_uri())
    return 3 if any(result.harness_faults() for result in results) else 0
