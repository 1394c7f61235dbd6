"""One submission's training run from its rows to its result: draw, train, judge, measure."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from grader.errors import HarnessError
from grader.lab import Lab
from grader.results import Outcome, Pitfall, Sample, TrainingResult
from grader.training.calibration import load_calibration
from grader.training.heldout import Heldout, load_heldout
from grader.training.judging import Judge
from grader.training.measures import add_points, measure
from grader.training.models import ModelChoice
from grader.training.numbers import BaseNumbers, Refused, TunedNumbers
from grader.training.pitfalls import find_failure, find_pitfalls
from grader.training.project import NOTE, Project, rows_of_a_run
from grader.training.repeat import choose_better, is_narrow, second_seed
from grader.training.rows import VOICE_ROWS, RunRows, draw_rows
from grader.training.run import TrainingRun, describe_failure, run_fine_tune
from grader.worker import NotAttempted, Server, StudentError

SAMPLES = 6
SAMPLE_CHARACTERS = 400


def train_and_judge(
    server: Server,
    submission_root: Path,
    lab: Lab,
    choice: ModelChoice,
    seed: int,
    progress: Callable[[str], None],
    project: Project | None = None,
) -> TrainingResult:
    """Train the submission on this run's rows and judge what came of it; a narrow run is repeated once.

    The rows, questions and voice are the lab's hidden ones, or a project's.

    A fault of ours becomes a result whose outcome is `harness_error`. Raises LabError where the lab's own held-out
    data or bands are missing or damaged.
    """
    first = train_once(server, submission_root, lab, choice, seed, progress, project)
    if not is_narrow(first):
        return first
    again = second_seed(seed)
    progress("the run fell narrowly short; repeating it with another seed")
    return choose_better(first, train_once(server, submission_root, lab, choice, again, progress, project), again)


def train_once(
    server: Server,
    submission_root: Path,
    lab: Lab,
    choice: ModelChoice,
    seed: int,
    progress: Callable[[str], None],
    project: Project | None = None,
    judged_as: int | None = None,
) -> TrainingResult:
    """Train and judge once, as `train_and_judge` does.

    With `judged_as`, the adapter is judged as that seed's run would be: the way of one that was made elsewhere.
    """
    heldout = load_heldout(lab, choice.profile)
    if project:
        heldout = project.put_into(heldout)
    count = rows_of_a_run(heldout) if project else VOICE_ROWS
    rows = draw_rows(heldout, seed, count)
    progress(f"training {choice.name} on {len(rows.train)} rows")
    try:
        run = run_fine_tune(server, submission_root, choice, rows, lab.spec.limits)
        if run.outcome is not Outcome.PASSED:
            return _result(choice, run, run.message, run.outcome, find_failure(run))
        rows = rows if judged_as is None else draw_rows(heldout, judged_as, count)
        base, judged = Judge(server, lab.spec.limits, choice, heldout, progress).measure(rows, run)
    except HarnessError as error:
        return _broken(choice, str(error))
    if isinstance(judged, Refused):
        return _result(choice, run, judged.refused, Outcome.FAILED, find_failure(run, judged.diverged))
    result = _measured(lab, choice, heldout, rows, run, base, judged)
    return msgspec.structs.replace(result, message=NOTE) if project else result


def describe_untrained(choice: ModelChoice, fault: StudentError | NotAttempted) -> TrainingResult:
    """Return what a run comes to whose call of fine_tune ends in `fault` at once."""
    run = describe_failure(fault, 0.0, 0.0)
    return _result(choice, run, run.message, run.outcome, find_failure(run))


def _measured(
    lab: Lab,
    choice: ModelChoice,
    heldout: Heldout,
    rows: RunRows,
    run: TrainingRun,
    base: BaseNumbers,
    tuned: TunedNumbers,
) -> TrainingResult:
    calibration, note = load_calibration(lab, choice, base.parameters)
    worth = {name: points for task in lab.spec.tasks for name, points in task.measures.items()}
    measures = add_points(measure(base, tuned, heldout, rows, len(run.tensors)), calibration, worth, note)
    pitfalls = find_pitfalls(run, tuned, measures, calibration, rows)
    result = _result(choice, run, "", Outcome.PASSED, pitfalls)
    return msgspec.structs.replace(
        result, measurements=measures, samples=_samples(heldout, base, tuned), markers=heldout.voice.markers
    )


def _samples(heldout: Heldout, base: BaseNumbers, tuned: TunedNumbers) -> list[Sample]:
    answers = zip(heldout.questions, base.answers, tuned.answers, strict=True)
    return [
        Sample(instruction=question.input, base=before[:SAMPLE_CHARACTERS], tuned=after[:SAMPLE_CHARACTERS])
        for question, before, after in list(answers)[:SAMPLES]
    ]


def _result(
    choice: ModelChoice, run: TrainingRun, message: str, outcome: Outcome, pitfalls: list[Pitfall]
) -> TrainingResult:
    return TrainingResult(
        model=choice.name,
        device=choice.device,
        why_this_model=choice.why,
        seconds=round(run.seconds, 2),
        outcome=outcome,
        message=message,
        history=list(run.history),
        pitfalls=pitfalls,
    )


def _broken(choice: ModelChoice, message: str) -> TrainingResult:
    run = TrainingRun(Outcome.HARNESS_ERROR, 0.0)
    return _result(choice, run, message, Outcome.HARNESS_ERROR, [])
