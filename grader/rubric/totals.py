"""The score: what the checks earn, what a person adds by hand, less what lateness takes."""

from msgspec.structs import replace

from grader.results import Result, tidy


def total(result: Result) -> Result:
    """Return a result with its score and its maximum summed anew. A manual line counts once somebody graded it."""
    by_hand = [line for line in result.rubric if line.name and line.override]
    earned = sum(task.points for task in result.tasks) + sum(line.points for line in by_hand)
    most = sum(task.max_points for task in result.tasks) + sum(line.max_points for line in by_hand)
    taken = result.late.points if result.late else 0.0
    return replace(result, score=tidy(max(0.0, earned - taken)), max_score=tidy(most))
