"""Gradings by the real pipeline, restricted to the checks that an attack touches: the rest would only take time."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fixtures.submissions.build import Patch, materialize
from grader.grade import Grading, build_result, take_in
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import CheckResult, Outcome, Result

RUN = "run"  # in `touches`: the judged training run with its measures
LIMITS = "call_s = 3.0\ncheck_s = 8.0\ntrain_s = 60.0\nexamples = 12\n"


def copy_lab(root: Path) -> Lab:
    """Copy week 07, hidden side included, with tighter limits and fewer examples."""
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week07", root / side / "week07", ignore=shutil.ignore_patterns("__pycache__"))
    spec = root / "labs" / "week07" / "lab.toml"
    text = spec.read_text()
    start = text.index("[limits]\n") + len("[limits]\n")
    spec.write_text(text[:start] + LIMITS + text[text.index("\n[[tasks]]") :])
    return find_lab(str(root / "labs" / "week07"))


@dataclass
class Restricted:
    """Grades submissions on chosen checks. `wanted` names, for each base, all that attacks laid over it touch."""

    grading: Grading
    folder: Path
    wanted: dict[str, set[str]]
    bases: dict[str, Result] = field(default_factory=dict)

    def base(self, name: str) -> Result:
        """Grade a base submission, once, on all that is wanted of it."""
        if name not in self.bases:
            self.bases[name] = self.grade(materialize(name, self.folder / name), self.wanted[name])
        return self.bases[name]

    def grade(self, path: Path, touches: Iterable[str]) -> Result:
        """Grade one submission on what is touched; the outcomes of all other checks are `passed` without points."""
        grading, touched = self.grading, self.touched(touches)
        decided = {id: _passed_over(id) for id in self._checks() - touched}
        with take_in(path, grading.lab) as submission:
            reported = grading.check(submission, decided) if touched & self._checks() else decided
            training = grading.train(submission) if RUN in touches else None
        sandbox = grading.server.sandbox
        return build_result(grading.lab, submission.info, reported, training, sandbox, {}, grading.seed)

    def touched(self, touches: Iterable[str]) -> set[str]:
        """Return the ids of the checks that are meant: a task's name stands for all of its checks."""
        touches = set(touches)
        measures = {f"{task.name}.{name}" for task in self.grading.lab.spec.tasks for name in task.measures}
        meant = {id for id in self._checks() if id in touches or id.partition(".")[0] in touches}
        return meant | (measures if RUN in touches else set())

    def _checks(self) -> set[str]:
        """Return the ids of all checks that pytest runs."""
        tasks = self.grading.lab.spec.tasks
        return {f"{task.name}.{name}" for task in tasks for name in (*task.visible, *task.hidden)}

    def gains(self, patch: Patch, result: Result) -> list[str]:
        """Return the touched checks that earn more than they do for the base, and that the sample does not declare."""
        kept = [check for check in self.base(patch.base).checks() if patch.keeps is None or check.id in patch.keeps]
        honest = {check.id: check.points for check in kept}
        touched = self.touched(patch.touches) - set(patch.earns)
        return [check.id for check in result.checks() if check.id in touched and check.points > honest.get(check.id, 0)]

    def points(self, patch: Patch, result: Result) -> float:
        """Return the points of the touched checks."""
        touched = self.touched(patch.touches)
        return sum(check.points for check in result.checks() if check.id in touched)


def _passed_over(id: str) -> CheckResult:
    """Passed, so that a check that needs it is not blocked; worth nothing here, for nobody sums it."""
    return CheckResult(id=id, title=id, outcome=Outcome.PASSED, points=0.0, max_points=0.0)
