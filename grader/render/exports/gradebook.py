"""A platform's own list of a class as the template of an import: its rows, each with the result of its student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.intake.pairing import pair
from grader.intake.roster import read_person
from grader.render.exports.sheet import people_of
from grader.results import Result


@dataclass(frozen=True)
class Template:
    """A table that the platform exported: its header, and its rows by header."""

    header: Sequence[str]
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Matched:
    """Rows with their results, in the template's order, and sentences about what found no partner."""

    rows: list[tuple[Mapping[str, str], Result]]
    notes: list[str]


def match_rows(template: Template, results: Sequence[Result]) -> Matched:
    """Find each row's result. A row without one is left out: an import would take an empty grade for a change."""
    people = [(row, person) for row in template.rows if (person := read_person(template.header, row))]
    pairing = pair([person for _, person in people], [people_of(result) for result in results])
    rows = [(people[number][0], results[owner]) for number, (owner, _) in sorted(pairing.found.items())]
    used = {owner for owner, _ in pairing.found.values()}
    notes = [f"{results[i].submission.id}: is not in the template." for i in range(len(results)) if i not in used]
    notes += [f"{people[number][1].name}: more than one submission could be theirs." for number in pairing.unclear]
    return Matched(rows, notes)
