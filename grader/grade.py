"""One submission, from its path to its result: intake, checks, training run, judge, rubric, files."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader.checks.run import ChecksRun
from grader.checks.warm import WarmChecks
from grader.environment import describe_environment
from grader.errors import SubmissionError, UsageError
from grader.intake import Submission, fingerprint, open_submission
from grader.lab import Lab, find_lab, other_labs
from grader.language import ENGLISH, Language
from grader.render.html import render_report
from grader.results import (
    CheckResult,
    Plain,
    Result,
    SandboxInfo,
    SubmissionInfo,
    TrainingResult,
    encode,
    tidy,
    write_atomically,
)
from grader.rubric import score
from grader.tracking import Tracked
from grader.training import ModelChoice, choose_model, train_and_judge
from grader.training.fit import check_fit
from grader.training.project import Project
from grader.worker import Server
from grader.worker.folders import OwnedFolder

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Grading:
    """What stays the same from one submission to the next: the lab, the model, what is kept warm, the seed."""

    lab: Lab
    choice: ModelChoice | None
    server: Server
    checks: WarmChecks
    seed: int
    progress: Progress
    project: Project | None = None

    def grade(self, path: Path) -> Result:
        """Grade one submission. Raises SubmissionError where it cannot be read at all, HarnessError."""
        self.progress("reading the submission")
        with take_in(path, self.lab) as submission:
            return self.grade_copy(submission)

    def grade_copy(self, submission: Submission) -> Result:
        """Grade a submission that was taken in. Raises HarnessError."""
        reported = self.check(submission, {})
        training = self.train(submission)
        facts = describe_environment(self.choice.threads if self.choice else None)
        return build_result(self.lab, submission.info, reported, training, self.server.sandbox, facts, self.seed)

    def check(self, submission: Submission, decided: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
        """Run the checks that are not decided yet; return all results by id. Raises HarnessError."""
        return ChecksRun(self.checks, submission.root, self.server.address, self.progress).run(decided)

    def train(self, submission: Submission) -> TrainingResult | None:
        """Train and judge, in a lab that has a training run. Raises LabError for damaged held-out data or bands."""
        if self.choice is None:
            return None
        root, lab = submission.root, self.lab
        return train_and_judge(self.server, root, lab, self.choice, self.seed, self.progress, self.project)


def grade_one(
    path: Path, lab: Lab, model: str, device: str, seed: int | None, progress: Progress, project: Project | None = None
) -> Result:
    """Grade one submission and nothing else; what is wrong with it or with the model is said before anything starts.

    With a project the training run is on its pairs and voice. Raises SubmissionError, UsageError for what the caller
    can mend, and HarnessError.
    """
    progress("reading the submission")
    with take_in_or_suggest(path, lab) as submission:
        progress("choosing the model")
        choice = choose(lab, model, device)
        if project:
            check_project(project, lab, choice)
        with warm_up(lab, choice, draw_seed() if seed is None else seed, progress) as grading:
            return replace(grading, project=project).grade_copy(submission)


def check_project(project: Project, lab: Lab, choice: ModelChoice | None) -> None:
    """Raise UsageError where a lab has no run for a project, SubmissionError where its pairs are too long for it."""
    if choice is None:
        raise UsageError(f"{lab.name} has no training run, so --data and --voice change nothing in it.")
    check_fit(project.pairs, project.name, choice)


@contextmanager
def take_in_or_suggest(path: Path, lab: Lab) -> Iterator[Submission]:
    """Do as `take_in` does; where the files are another lab's, the SubmissionError says which."""
    with ExitStack() as stack:
        try:
            submission = stack.enter_context(take_in(path, lab))
        except SubmissionError as error:
            name = next((other.name for other in other_labs(lab) if _fits(path, other)), "")
            suggested = f"Its files are those of {name}: add --lab {name}."
            raise SubmissionError(f"{error} {suggested}" if name else str(error)) from error
        yield submission


def _fits(path: Path, lab: Lab) -> bool:
    try:
        return fingerprint(path, lab.expected_files).files > 0
    except SubmissionError:
        return False


@contextmanager
def take_in(path: Path, lab: Lab) -> Iterator[Submission]:
    """Yield a private copy of the submission at `path`. Raises SubmissionError, HarnessError."""
    with OwnedFolder() as folder:
        yield open_submission(path, folder, expected=lab.expected_files)


def build_result(
    lab: Lab,
    submission: SubmissionInfo,
    reported: Mapping[str, CheckResult],
    training: TrainingResult | None,
    sandbox: SandboxInfo,
    environment: dict[str, Plain],
    seed: int,
) -> Result:
    """Put the points on what was found out about a submission, whenever that was."""
    tasks, rubric = score(lab.spec, reported, training)
    return Result(
        lab=lab.name,
        submission=submission,
        score=tidy(sum(task.points for task in tasks)),
        max_score=tidy(sum(task.max_points for task in tasks)),
        tasks=tasks,
        training=training,
        rubric=rubric,
        sandbox=sandbox,
        environment=environment,
        seed=seed,
    )


@contextmanager
def prepare(lab: str | None, model: str, device: str, seed: int | None, progress: Progress) -> Iterator[Grading]:
    """Find the lab, choose the model and warm up; yield what grades submissions until it is left.

    Raises LabError and UsageError for what the caller can mend, HarnessError where no server starts.
    """
    found = find_lab(lab)
    progress("choosing the model")
    choice = choose(found, model, device)
    with warm_up(found, choice, draw_seed() if seed is None else seed, progress) as grading:
        yield grading


def choose(lab: Lab, model: str, device: str) -> ModelChoice | None:
    """Choose the model of a lab's training run; None where the lab has no such run. Raises UsageError."""
    return choose_model(lab, model, device) if any(task.measures for task in lab.spec.tasks) else None


@contextmanager
def warm_up(
    lab: Lab, choice: ModelChoice | None, seed: int, progress: Progress, *, level: str = "best"
) -> Iterator[Grading]:
    """Start the warm server and the warm checks; yield what grades submissions until it is left.

    `level` asks for one level of confinement instead of the best that works here. Raises HarnessError.
    """
    progress("starting the warm server")
    # The checks collect themselves while the server starts.
    device = choice.device if choice else "cpu"
    with (
        WarmChecks(lab, seed) as checks,
        Server.start(device, level=level, libraries=lab.spec.preload) as server,
    ):
        yield Grading(lab, choice, server, checks, seed, progress)


def draw_seed() -> int:
    """Draw the seed of a grading that was given none: nobody can have prepared for it."""
    return secrets.randbelow(2**31)


def write_result(result: Result, folder: Path, language: Language = ENGLISH, tracked: Tracked | None = None) -> Path:
    """Write result.json and index.html into a folder, each whole or not at all; return the page's path.

    The page is in `language`, and links a tracked run; result.json is the same in all.
    """
    write_atomically(folder / "result.json", encode(result))
    page = folder / "index.html"
    write_atomically(page, render_report(result, language, tracked).encode())
    return page
