"""One submission, from its path to its result: intake, checks, training run, judge, rubric, files."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.checks.run import ChecksRun
from grader.environment import describe_environment
from grader.intake import Submission, open_submission
from grader.lab import Lab, find_lab
from grader.render.html import render_report
from grader.results import CheckResult, Result, TrainingResult, encode, tidy, write_atomically
from grader.rubric import score
from grader.training import ModelChoice, choose_model, train_and_judge
from grader.worker import Server

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Grading:
    """What stays the same from one submission to the next: the lab, the model, the warm server, the seed."""

    lab: Lab
    choice: ModelChoice | None
    server: Server
    seed: int
    progress: Progress

    def grade(self, path: Path) -> Result:
        """Grade one submission. Raises SubmissionError where it cannot be read at all, HarnessError."""
        with tempfile.TemporaryDirectory(prefix="grader-submission-") as folder:
            self.progress("reading the submission")
            submission = open_submission(path, Path(folder), expected=self.lab.expected_files)
            reported = ChecksRun(self.lab, submission.root, self.server.address, self.seed, self.progress).run()
            training = self._train(submission)
            return self._build(submission, reported, training)

    def _train(self, submission: Submission) -> TrainingResult | None:
        if self.choice is None:
            return None
        return train_and_judge(self.server, submission.root, self.lab, self.choice, self.seed, self.progress)

    def _build(
        self, submission: Submission, reported: dict[str, CheckResult], training: TrainingResult | None
    ) -> Result:
        tasks, rubric = score(self.lab.spec, reported, training)
        return Result(
            lab=self.lab.name,
            submission=submission.info,
            score=tidy(sum(task.points for task in tasks)),
            max_score=tidy(sum(task.max_points for task in tasks)),
            tasks=tasks,
            training=training,
            rubric=rubric,
            sandbox=self.server.sandbox,
            environment=describe_environment(),
            seed=self.seed,
        )


@contextmanager
def prepare(lab: str | None, model: str, device: str, seed: int | None, progress: Progress) -> Iterator[Grading]:
    """Find the lab, choose the model and start the warm server; yield what grades submissions until it is left.

    Raises LabError and UsageError for what the caller can mend, HarnessError where no server starts.
    """
    found = find_lab(lab)
    trains = any(task.measures for task in found.spec.tasks)
    progress("choosing the model")
    choice = choose_model(found, model, device) if trains else None
    progress("starting the warm server")
    with Server.start(device=choice.device if choice else "cpu") as server:
        yield Grading(found, choice, server, draw_seed() if seed is None else seed, progress)


def draw_seed() -> int:
    """Draw the seed of a grading that was given none: nobody can have prepared for it."""
    return secrets.randbelow(2**31)


def write_result(result: Result, folder: Path) -> Path:
    """Write result.json and index.html into a folder, each whole or not at all; return the page's path."""
    write_atomically(folder / "result.json", encode(result))
    page = folder / "index.html"
    write_atomically(page, render_report(result).encode())
    return page
