"""Where the code that two submissions share stands in each of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.similarity.fingerprints import Print, Prints

GAP = 3  # lines without a shared fingerprint that still belong to one passage


@dataclass(frozen=True)
class Place:
    """Lines (from 1, both included) of a file, the function they stand in, and the lines themselves."""

    file: str
    function: str
    first: int
    last: int
    code: str


@dataclass(frozen=True)
class Passage:
    """The same in two submissions, and by how many fingerprints."""

    left: Place
    right: Place
    shared: int


def find_passages(left: Prints, right: Prints, most: int, lines: int) -> list[Passage]:
    """Return the longest passages that two submissions share, longest first; of each at most `lines` lines of code."""
    there: dict[int, list[Print]] = {}
    for one in right.prints:
        there.setdefault(one.hash, []).append(one)
    runs = _runs([one for one in left.prints if one.hash in there])
    runs.sort(key=len, reverse=True)
    passages = []
    for run in runs[:most]:
        opposite = _nearest([other for one in run for other in there[one.hash]])
        passages.append(Passage(_place(left, run, lines), _place(right, opposite, lines), len(run)))
    return passages


def _runs(prints: Sequence[Print]) -> list[list[Print]]:
    """Cut fingerprints, in the order of their places, into runs without a gap."""
    runs: list[list[Print]] = []
    for one in prints:
        before = runs[-1][-1] if runs else None
        near = before and (before.file, before.function) == (one.file, one.function) and one.first <= before.last + GAP
        if near:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _nearest(prints: Sequence[Print]) -> list[Print]:
    """Return those in the function where most of them are, and of these the longest run."""
    [((file, function), _)] = Counter((one.file, one.function) for one in prints).most_common(1)
    there = sorted(
        {(one.first, one.last): one for one in prints if (one.file, one.function) == (file, function)}.items()
    )
    return max(_runs([one for _, one in there]), key=len)


def _place(prints: Prints, run: Sequence[Print], lines: int) -> Place:
    first, last = min(one.first for one in run), max(one.last for one in run)
    code = prints.sources[run[0].file].split("\n")[first - 1 : min(last, first + lines - 1)]
    return Place(prints.files[run[0].file], prints.functions[run[0].function], first, last, "\n".join(code))
