"""The `check` marker: which task a test belongs to, what it is worth, and what a student is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from grader.errors import LabError


@dataclass(frozen=True)
class CheckMark:
    """A parsed `@pytest.mark.check(...)`; `seconds` limits one call of a student's function."""

    id: str
    task: str
    points: float
    title: str
    hint: str = ""
    lesson: str = ""
    needs: tuple[str, ...] = ()
    seconds: float | None = None


KEYS = {"task", "points", "title", "hint", "lesson", "needs", "seconds"}


def read_mark(function: str, keywords: Mapping[str, object], manifest: Mapping[str, float], where: str) -> CheckMark:
    """Build a CheckMark from a marker's keywords and hold it against the lab's manifest (check id → points).

    Raises LabError where a keyword is missing, unknown or of a wrong type, and where the manifest disagrees.
    """
    unknown = sorted(set(keywords) - KEYS)
    if unknown:
        raise LabError(f"{where}: the check marker has no keyword {', '.join(unknown)}.")
    task, points, title = keywords.get("task"), keywords.get("points"), keywords.get("title")
    if not isinstance(task, str) or not isinstance(points, int | float) or not isinstance(title, str):
        raise LabError(f"{where}: the check marker needs task (text), points (a number) and title (text).")
    id = f"{task}.{function.removeprefix('test_')}"
    if id not in manifest:
        raise LabError(f"{where}: lab.toml lists no check {id!r}; add it to its task's table.")
    if manifest[id] != points:
        raise LabError(f"{where}: the marker gives {points:g} points and lab.toml {manifest[id]:g}; make them equal.")
    needs = keywords.get("needs", ())
    needed = (needs,) if isinstance(needs, str) else tuple(str(name) for name in needs)  # type: ignore[attr-defined]
    absent = [name for name in needed if name not in manifest]
    if absent:
        raise LabError(f"{where}: needs names no check of this lab: {', '.join(absent)}.")
    seconds = keywords.get("seconds")
    return CheckMark(
        id=id,
        task=task,
        points=float(points),
        title=title,
        hint=str(keywords.get("hint", "")),
        lesson=str(keywords.get("lesson", "")),
        needs=needed,
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )
