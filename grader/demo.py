"""`grader demo`: three bundled submissions, graded with a real training run each, and an index of their reports."""

import webbrowser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.grade import warm_up, write_result
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.language import gettext as _
from grader.language import noop, speaking
from grader.progress import show_progress
from grader.render.index import make_entry, render_index
from grader.render.terminal import print_result
from grader.results import Result, write_atomically
from grader.training import choose_model

WHY = noop("The demo takes the bundled model, which trains in seconds.")
SUBMISSIONS = PROJECT / "fixtures" / "submissions" / "demo"


def run_demo(out: Path, seed: int, lang: str | None, console: Console) -> int:
    """Grade the three with the bundled model, write their reports and an index into `out`; return the exit code.

    `lang` is the language of the reports, the lab's own where it is None.
    """
    lab = find_lab(None)
    language = lab.language(lang)
    choice = replace(choose_model(lab, "tiny-gpt2", "cpu"), why=WHY)
    with show_progress("demo") as progress, warm_up(lab, choice, seed, progress) as grading:

        def grade(path: Path) -> Result:
            named = replace(grading, progress=lambda said: progress(f"{path.name}, {said}"))
            return named.grade(path)

        # Two at a time: a grading's checks keep one core busy.
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(grade, sorted(SUBMISSIONS.iterdir())))
        for result in results:
            write_result(result, out / result.submission.id, language)
    for result in results:
        print_result(result, console, language)
        console.print()
    page = out / "index.html"
    entries = [make_entry(result, language) for result in results]
    with speaking(language):
        title = _("{lab}: three submissions", lab=_(lab.spec.title))
        write_atomically(page, render_index(entries, title, language).encode())
        console.print(Text(_("Reports: {page}", page=page)), soft_wrap=True)
        command = "grader grade fixtures/submissions/demo/ada-complete --model smollm2-135m"
        real = _("This run used the bundled tiny-gpt2. For a real 135M-parameter model: {command}", command=command)
        console.print(Text(real), soft_wrap=True)
    if console.is_terminal:
        webbrowser.open(page.resolve().as_uri())
    return 3 if any(result.harness_faults() for result in results) else 0
