"""Grades one sample by the real pipeline, on the checks that concern it, and compares with what it must get."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from grader.errors import LabError, SubmissionError
from grader.grade import Grading, build_result, take_in
from grader.lab import LabSpec
from grader.render.steps import next_steps
from grader.results import CheckResult, Outcome, Result
from grader.selftest.records import CHAFFS, HOSTILE, RIGHT, Trial
from grader.selftest.samples import REFERENCE, Patch, Samples

RUN = "run"  # in `touches`: the judged training run with its measures


@dataclass
class Trials:
    """Trials with one seed. Samples are built under `folder`. Thread-safe: bases are graded once, one at a time."""

    grading: Grading
    samples: Samples
    folder: Path
    _bases: dict[tuple[str, frozenset[str]], Result] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def run(self, name: str) -> Trial:
        """Try one sample. Raises LabError where its patch is damaged, HarnessError where grading breaks."""
        begun = time.monotonic()
        kind, patch = _kind(name), self.samples.read(name) or Patch()
        wanted = checks_about(self.grading.lab.spec, kind, patch)
        try:
            result = self._grade(name, wanted)
        except SubmissionError as error:
            return self._refused(name, patch, str(error), begun)
        complaint, told, hinted = self._judge(kind, patch, result, wanted)
        return Trial(
            name=name,
            kind=kind,
            seed=self.grading.seed,
            level=self.grading.server.sandbox.level,
            about=_about(patch),
            checks={check.id: check.outcome for check in result.checks() if check.id in wanted},
            declared=[patch.check] if patch.check else [],
            complaint=complaint,
            told=told,
            hinted=hinted,
            seconds=round(time.monotonic() - begun, 1),
        )

    def _refused(self, name: str, patch: Patch, error: str, begun: float) -> Trial:
        return Trial(
            name=name,
            kind=_kind(name),
            seed=self.grading.seed,
            level=self.grading.server.sandbox.level,
            about=_about(patch),
            checks={},
            complaint="" if patch.refused else f"Intake refused it: {error}",
            seconds=round(time.monotonic() - begun, 1),
        )

    def _judge(self, kind: str, patch: Patch, result: Result, wanted: set[str]) -> tuple[str, str, bool | None]:
        """Return the complaint, and for a chaff the first thing told and whether it names the mistake."""
        faults = [check.id for check in result.harness_faults() if check.id in wanted]
        if faults:
            return f"Our fault, not decided: {', '.join(faults)}.", "", None
        if kind == CHAFFS:
            return _judge_chaff(patch, result)
        if kind == HOSTILE:
            return self._judge_hostile(patch, result, wanted), "", None
        return _judge_right(result) if kind == RIGHT else _judge_wrong(patch, result), "", None

    def _judge_hostile(self, patch: Patch, result: Result, wanted: set[str]) -> str:
        if patch.refused:
            return "Intake should have refused it."
        honest = {check.id: check.points for check in self._base(patch.base, wanted).checks()}
        if patch.keeps is not None:
            honest = {id: points if id in patch.keeps else 0.0 for id, points in honest.items()}
        touched = wanted - set(patch.earns)
        won = [check.id for check in result.checks() if check.id in touched and check.points > honest[check.id]]
        return f"It gained {', '.join(won)}." if won else ""

    def _base(self, name: str, wanted: set[str]) -> Result:
        key = (name, frozenset(wanted))
        with self._lock:
            if key not in self._bases:
                self._bases[key] = self._grade(name, wanted)
            return self._bases[key]

    def _grade(self, name: str, wanted: set[str]) -> Result:
        """Grade a sample on what is wanted; every other check is taken as passed, so that it blocks nothing."""
        grading = self.grading
        measures = _measures(grading.lab.spec)
        decided = {id: _passed_over(id) for id in grading.lab.spec.manifest() if id not in wanted | measures}
        built = self.samples.build(name, self.folder / f"{name}-{time.monotonic_ns()}")
        with take_in(built, grading.lab) as submission:
            reported = grading.check(submission, decided) if wanted - measures else decided
            training = grading.train(submission) if wanted & measures else None
        return build_result(grading.lab, submission.info, reported, training, grading.server.sandbox, {}, grading.seed)


def checks_about(spec: LabSpec, kind: str, patch: Patch) -> set[str]:
    """Return the checks that concern a sample: all, a chaff's task, or what an attack touches.

    Raises LabError where a declared check is unknown.
    """
    measures, everything = _measures(spec), set(spec.manifest())
    if kind == CHAFFS:
        _require_known([patch.check], everything)
        ours = set(spec.task_of(patch.check).points_by_id())
        return ours if patch.check in measures else ours - measures
    if kind != HOSTILE:
        return everything
    tasks = {task.name for task in spec.tasks}
    _require_known(patch.touches, everything | tasks | {RUN})
    touched = {id for id in everything - measures if {id, id.partition(".")[0]} & set(patch.touches)}
    return touched | (measures if RUN in patch.touches else set())


def _require_known(ids: Iterable[str], known: set[str]) -> None:
    unknown = [id for id in ids if id not in known]
    if unknown:
        raise LabError(f"A sample declares a check that the lab does not have: {', '.join(unknown) or 'none'}.")


def _measures(spec: LabSpec) -> set[str]:
    return {f"{task.name}.{name}" for task in spec.tasks for name in task.measures}


def _passed_over(id: str) -> CheckResult:
    return CheckResult(id=id, title=id, outcome=Outcome.PASSED, points=0.0, max_points=0.0)


def _judge_right(result: Result) -> str:
    lost = [check for check in result.checks() if check.points < check.max_points]
    return f"It lost {'; '.join(f'{check.id} ({check.message})' for check in lost)}" if lost else ""


def _judge_chaff(patch: Patch, result: Result) -> tuple[str, str, bool | None]:
    killer = next(check for check in result.checks() if check.id == patch.check)
    steps = next_steps([task for task in result.tasks if task.name == patch.check.partition(".")[0]], 1)
    told = "\n".join(f"{first.message}\n{first.hint}".strip() for first in steps)
    complaint = f"{patch.check} does not find the mistake." if killer.points == killer.max_points else ""
    return complaint, told, patch.hint in told


def _judge_wrong(patch: Patch, result: Result) -> str:
    lost = [check for check in result.checks() if check.points < check.max_points]
    astray = [check.id for check in lost if not check.id.startswith(tuple(patch.loses))]
    if astray:
        return f"It lost what is not broken: {', '.join(astray)}."
    return "" if patch.hint in all_told(result) else f"Nothing that the student is told says {patch.hint!r}."


def all_told(result: Result) -> str:
    """Return everything that the student is told about what did not pass."""
    parts = [result.training.message if result.training else ""]
    for check in result.checks():
        if check.outcome is not Outcome.PASSED:
            parts += [check.message, check.hint, (check.example and check.example.traceback) or ""]
    return "\n".join(parts)


def _kind(name: str) -> str:
    return RIGHT if name == REFERENCE else name.partition("/")[0]


def _about(patch: Patch) -> str:
    return patch.way or patch.wrong or patch.tries
