"""One plain table of a class: a row a person, for a spreadsheet or a script."""

from collections.abc import Sequence

from grader.render.exports.sheet import Export, people_of, undecided, write_rows
from grader.results import Person, Result

HEAD = ("id", "student")
REST = ("source", "attempt", "submitted_at", "score", "max_score", "late_points", "changed_by_hand", "not_decided")


def render_csv(results: Sequence[Result]) -> Export:
    """Return a table; people of one group have a row each. It has columns for what somebody has."""
    kinds = sorted({kind for result in results for person in people_of(result) for kind in person.identifiers})
    tasks = list(dict.fromkeys(task.name for result in results for task in result.tasks))
    head = [*HEAD, *kinds, *REST, *(f"task_{task}" for task in tasks)]
    rows = [_row(result, person, kinds, tasks) for result in results for person in people_of(result)]
    return Export(write_rows([head, *rows]), undecided(results))


def _row(result: Result, person: Person, kinds: Sequence[str], tasks: Sequence[str]) -> list[str | float | None]:
    points = {task.name: task.points for task in result.tasks}
    delivery = result.delivery
    by_hand = [check for check in result.checks() if check.override]
    by_hand_lines = [line for line in result.rubric if line.override]
    return [
        result.submission.id,
        person.name,
        *(person.identifiers.get(kind, "") for kind in kinds),
        delivery.source if delivery else "",
        delivery.attempt if delivery else 1,
        (delivery.submitted_at or "") if delivery else "",
        result.score,
        result.max_score,
        result.late.points if result.late else 0,
        len(by_hand) + len(by_hand_lines),
        len(result.harness_faults()),
        *(points.get(task) for task in tasks),
    ]
