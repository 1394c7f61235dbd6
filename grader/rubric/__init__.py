"""From outcomes and measurements to points: tasks with their checks, and the lesson's success criteria with levels."""

from grader.rubric.criteria import rubric_lines
from grader.rubric.score import score, score_tasks

__all__ = ["rubric_lines", "score", "score_tasks"]
