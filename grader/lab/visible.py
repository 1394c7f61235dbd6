"""The part of a lab that can be decided where its solutions are not: on a student's machine, in a course repository."""

from grader.lab.spec import LabSpec
from grader.language import gettext as _


def visible_part(spec: LabSpec) -> LabSpec:
    """Return a lab without its hidden checks and its training run; the points that are left sum to less than 100."""
    tasks = [task.model_copy(update={"hidden": {}, "measures": {}}) for task in spec.tasks]
    return spec.model_copy(update={"tasks": tasks})


def waiting(spec: LabSpec) -> str:
    """Say how many points such a run cannot show, and for what they wait."""
    points = sum(sum(task.hidden.values()) + sum(task.measures.values()) for task in spec.tasks)
    if any(task.measures for task in spec.tasks):
        return _(
            "{points} more points wait for hidden checks and the training run, which the grader adds.",
            points=f"{points:g}",
        )
    return _("{points} more points wait for hidden checks, which the grader adds.", points=f"{points:g}")
