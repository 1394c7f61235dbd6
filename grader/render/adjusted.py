"""What stands in a score beside the checks: a person's decisions, and lateness, each as a sentence."""

from grader.language import gettext as _
from grader.render import wording
from grader.results import Override, Result


def adjustments(result: Result) -> list[str]:
    """Return a sentence for each decision of a person, then one for lateness; none for most results."""
    lines = [f"{title}: {_says(override)}" for title, override in _overrides(result)]
    return [*lines, result.late.note] if result.late else lines


def _overrides(result: Result) -> list[tuple[str, Override]]:
    decided = [(check.title, check.override) for check in result.checks()]
    decided += [(line.criterion, line.override) for line in result.rubric]
    return [(title, override) for title, override in decided if override]


def _says(override: Override) -> str:
    return override.comment or _(
        "decided by hand; it was {points} before.", points=wording.points(override.points_before)
    )
