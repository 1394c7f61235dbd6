"""From outcomes and measurements to points: tasks with their checks, and the lesson's success criteria with levels."""

from grader.rubric.adjust import adjust
from grader.rubric.criteria import rubric_lines
from grader.rubric.overrides import (
    Decision,
    apply_overrides,
    load_overrides,
    refuse_misfits,
    refuse_unknown_submissions,
)
from grader.rubric.score import score, score_tasks

__all__ = [
    "Decision",
    "adjust",
    "apply_overrides",
    "load_overrides",
    "refuse_misfits",
    "refuse_unknown_submissions",
    "rubric_lines",
    "score",
    "score_tasks",
]
