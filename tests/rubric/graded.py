"""A graded result of a small lab: 80 of 100 points, and a line that waits for a person."""

from grader.lab import LabSpec
from grader.results import CheckResult, Delivery, Outcome, Result, SandboxInfo, SubmissionInfo
from grader.rubric import score

TASK = {"name": "task", "title": "A task", "visible": {"one": 50, "two": 20}, "hidden": {"three": 30}}
CRITERIA = [{"title": "Works", "evidence": ["task"]}]
SPEC = LabSpec.model_validate({"lab": "probe", "title": "Probe", "tasks": [TASK], "criteria": CRITERIA})
MANUAL = LabSpec.model_validate(
    {
        "lab": "probe",
        "title": "Probe",
        "tasks": [{**TASK, "visible": {"one": 50, "two": 10}}],
        "criteria": CRITERIA,
        "manual": [
            {"name": "coherent", "title": "Responses are coherent and relevant", "points": 10},
            {"name": "spirit", "title": "Done in the spirit of the exercise"},
        ],
    }
)


def graded(spec: LabSpec = SPEC, *, two: Outcome = Outcome.FAILED, delivery: Delivery | None = None) -> Result:
    """Return a result in which `task.two` ended as told and all others passed."""
    outcomes = {"task.one": Outcome.PASSED, "task.two": two, "task.three": Outcome.PASSED}
    reported = {
        id: CheckResult(id=id, title=id, outcome=outcome, points=0, max_points=0) for id, outcome in outcomes.items()
    }
    tasks, rubric = score(spec, reported, None)
    return Result(
        lab=spec.lab,
        submission=SubmissionInfo(id="ada", sha256="0" * 64, files=1, bytes=1),
        score=sum(task.points for task in tasks),
        max_score=sum(task.max_points for task in tasks),
        tasks=tasks,
        training=None,
        rubric=rubric,
        sandbox=SandboxInfo(level="none"),
        environment={},
        seed=1,
        delivery=delivery,
    )
