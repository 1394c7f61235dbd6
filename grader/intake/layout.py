"""Where in a folder or archive the submission is: at its top, under labs/, or deeper in folders that others made."""

from collections.abc import Iterable, Sequence

from grader.errors import SubmissionError
from grader.intake.names import quote

Parts = tuple[str, ...]


def find_root(files: Iterable[Parts], expected: Sequence[str]) -> Parts | None:
    """Return the folder that holds the expected files (relative POSIX names), or None where none of them is found.

    A folder inside another that qualifies is one of its helper packages. Of several apart from each other, one under
    `labs/` is meant, then the one with the most expected files. Raises SubmissionError where that leaves two.
    """
    wanted = [tuple(name.split("/")) for name in expected]
    found: dict[Parts, int] = {}
    for parts in files:
        for name in wanted:
            if parts[-len(name) :] == name:
                home = parts[: -len(name)]
                found[home] = found.get(home, 0) + 1
    outer = [home for home in found if not any(home[:depth] in found for depth in range(len(home)))]
    if not outer:
        return None
    best = max(_rank(home, found[home]) for home in outer)
    homes = sorted(home for home in outer if _rank(home, found[home]) == best)
    if len(homes) > 1:
        listed = ", ".join(quote("/".join(home)) for home in homes[:3])
        raise SubmissionError(f"it holds {len(homes)} submissions ({listed}, …); hand in one of these folders.")
    return homes[0]


def _rank(home: Parts, matches: int) -> tuple[bool, int]:
    return len(home) >= 2 and home[-2] == "labs", matches
