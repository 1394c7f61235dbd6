"""`grader demo`: three bundled submissions, graded with a real training run each, and an index of their reports."""

import webbrowser
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.grade import prepare, write_result
from grader.lab.folders import PROJECT
from grader.language import gettext as _
from grader.language import speaking
from grader.progress import show_progress
from grader.render.index import make_entry, render_index
from grader.render.terminal import print_result
from grader.results import write_atomically

SUBMISSIONS = PROJECT / "fixtures" / "submissions" / "demo"


def run_demo(out: Path, seed: int, lang: str | None, console: Console) -> int:
    """Grade the three with the bundled model, write their reports and an index into `out`; return the exit code.

    `lang` is the language of the reports, the lab's own where it is None.
    """
    with show_progress("demo") as progress, prepare(None, "tiny-gpt2", "cpu", seed, progress) as grading:
        language = grading.lab.language(lang)
        # Two at a time: a grading's checks keep one core busy.
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(grading.grade, sorted(SUBMISSIONS.iterdir())))
        for result in results:
            write_result(result, out / result.submission.id, language)
    for result in results:
        print_result(result, console, language)
        console.print()
    page = out / "index.html"
    entries = [make_entry(result) for result in results]
    write_atomically(page, render_index(entries, f"{grading.lab.spec.title}: three submissions").encode())
    with speaking(language):
        console.print(Text(_("Reports: {page}", page=page)), soft_wrap=True)
        command = "grader grade fixtures/submissions/demo/ada-complete --model smollm2-135m"
        real = _("This run used the bundled tiny-gpt2. For a real 135M-parameter model: {command}", command=command)
        console.print(Text(real), soft_wrap=True)
    if console.is_terminal:
        webbrowser.open(page.resolve().as_uri())
    return 3 if any(result.harness_faults() for result in results) else 0
