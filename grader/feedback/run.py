"""Grades each lab that a pull request changes, by the labs as they were before it, and writes what CI shows."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import GraderError, UsageError
from grader.feedback.changes import changed_labs, folder_of
from grader.feedback.places import locate
from grader.grade import choose, draw_seed, warm_up, write_result
from grader.lab import Lab, open_lab, visible_part, waiting
from grader.language import ENGLISH, Language, load_language, speaking
from grader.language import gettext as _
from grader.render.annotations import Located, Remark, render_code_quality
from grader.render.github import render_summary
from grader.render.text import markdown
from grader.render.wording import below_threshold
from grader.results import Result, write_atomically
from grader.worker.confine import Level

MOST_LABS = 10
MOST_BYTES = 900_000  # of a summary; GitHub takes 1 MiB a step


@dataclass(frozen=True)
class Terms:
    """How to grade, as for `grader grade`. `fail_under` is in per cent of the points that this run can decide.

    `lab` names the one lab to grade, changed or not; `lang` is the language to say it in, else each lab's own.
    """

    model: str
    device: str
    seed: int | None
    fail_under: float | None
    lab: str | None = None
    lang: str | None = None


@dataclass(frozen=True)
class LabFeedback:
    """What came of one lab: a result with its places, or a sentence that says why there is none.

    `below` is a sentence where the result lies below the threshold.
    """

    name: str
    code: int
    summary: str
    located: Located | None = None
    why: str = ""
    below: str = ""
    language: Language = ENGLISH

    @property
    def title(self) -> str:
        """What is said above the sentence that says why there is no result."""
        with speaking(self.language):
            return _("labs/{lab} was not graded", lab=self.name)


@dataclass(frozen=True)
class Feedback:
    """What came of a pull request. `language` is that of what is said about all of it."""

    labs: Sequence[LabFeedback]
    language: Language

    @property
    def located(self) -> list[Located]:
        """The results, with their places."""
        return [lab.located for lab in self.labs if lab.located]

    @property
    def refusals(self) -> list[Remark]:
        """What to say of the labs that have no result."""
        return [Remark("error", lab.title, lab.why, None, f"{lab.name}:") for lab in self.labs if lab.why]

    @property
    def exit_code(self) -> int:
        """0 graded, 1 below the threshold, 2 a lab's files cannot be read, 3 our fault: the worst of all labs."""
        return max((lab.code for lab in self.labs), default=0)

    @property
    def summary(self) -> str:
        """What the author reads, in GitHub's Markdown."""
        with speaking(self.language):
            parts = [lab.summary for lab in self.labs] or [_("No lab was changed, so nothing was graded.") + "\n"]
        while len("\n".join(parts).encode()) > MOST_BYTES:
            parts.pop()
        return "\n".join(parts)


def give_feedback(tree: Path, base: Path, terms: Terms, out: Path, progress: Callable[[str], None]) -> Feedback:
    """Grade the labs in which `tree` differs from `base`, the tree before the change, and write the reports into `out`.

    Tests, lab.toml and solutions are those of `base`. Raises UsageError where `base` holds no lab, or not this one.
    """
    if not any(base.glob(f"labs/{terms.lab or '*'}/lab.toml")):
        missing = f"no lab {terms.lab!r}" if terms.lab else "no lab"
        raise UsageError(f"{base}: there is {missing} in it; name the tree before the change, with its labs/ folder.")
    labs = [base.resolve() / "labs" / terms.lab] if terms.lab else changed_labs(base.resolve(), tree)[:MOST_LABS]
    given = [_grade_or_say_why(lab, tree, terms, out, progress) for lab in labs]
    feedback = Feedback(given, given[0].language if given else load_language(terms.lang or ENGLISH.code))
    write_atomically(out / "summary.md", feedback.summary.encode())
    write_atomically(out / "codequality.json", _code_quality(feedback))
    return feedback


def _code_quality(feedback: Feedback) -> bytes:
    return render_code_quality(feedback.located, feedback.refusals, feedback.language).encode()


def _grade_or_say_why(lab: Path, tree: Path, terms: Terms, out: Path, progress: Callable[[str], None]) -> LabFeedback:
    language = load_language(terms.lang or ENGLISH.code)
    try:
        opened = open_lab(lab)
        language = opened.language(terms.lang)
        return _grade(opened, tree, terms, out, lambda said: progress(f"{lab.name}, {said}"))
    except GraderError as error:
        said = str(error).replace(f"{tree}{os.sep}", "")
        with speaking(language):
            heading = _("{lab}: not graded", lab=markdown(lab.name, 80))
        summary = f"## {heading}\n\n{markdown(said, 600)}\n"
        return LabFeedback(lab.name, error.exit_code, summary, why=said, language=language)


def _grade(lab: Lab, tree: Path, terms: Terms, out: Path, progress: Callable[[str], None]) -> LabFeedback:
    whole, folder = lab.spec, folder_of(lab.folder, tree)
    if lab.solutions is None:
        lab = replace(lab, spec=visible_part(whole))
    choice = choose(lab, terms.model, terms.device)
    with warm_up(lab, choice, draw_seed() if terms.seed is None else terms.seed, progress) as grading:
        if grading.server.sandbox.level == Level.PROCESS:
            raise UsageError("student code cannot be confined on this machine; `grader doctor` says what is missing.")
        result = grading.grade(folder)
    language = lab.language(terms.lang)
    write_result(result, out / lab.name, language)
    summary = render_summary(result, language=language)
    with speaking(language):
        below = _say_below(result, terms.fail_under)
        waits = waiting(whole) if lab.solutions is None else ""
    summary += "".join(f"\n{sentence}\n" for sentence in (waits, below) if sentence)
    return LabFeedback(
        lab.name,
        3 if result.harness_faults() else int(bool(below)),
        summary,
        locate(result, lab, folder, tree),
        below=below,
        language=language,
    )


def _say_below(result: Result, fail_under: float | None) -> str:
    if fail_under is None or result.score >= fail_under / 100 * result.max_score:
        return ""
    return below_threshold(100 * result.score / result.max_score, fail_under)
