"""A student's progress file (`[tracker]` in lab.toml): each run ticks what it reached and touches nothing else.

It is the student's own file. Where it cannot be brought up to date safely it stays as it is, and one sentence says why.
"""

import stat
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from grader.errors import UsageError
from grader.lab import LabSpec
from grader.language import gettext as _
from grader.practice.block import Tick, advance, read_ticks, write_ticks
from grader.results import CheckResult, Outcome, write_atomically

LARGEST = 1 << 20  # bytes


def track_progress(spec: LabSpec, folder: Path, decided: Mapping[str, CheckResult], today: date) -> list[str]:
    """Bring the progress file in `folder` up to date; return sentences about what is new in it, or what is in its way.

    Where there is no such file nothing is tracked: whoever wants no tracker deletes it.
    """
    if spec.tracker is None:
        return []
    path = folder / spec.tracker.file
    titles = [goal.title for goal in spec.tracker.goals]
    try:
        mode = path.lstat().st_mode
        text = _read(path, mode)
        before = read_ticks(text, titles)
        after = advance(before, reached_goals(spec, decided), today)
        updated = write_ticks(text, titles, after)
        if updated != text:
            write_atomically(path, updated.encode())
            path.chmod(stat.S_IMODE(mode))
    except FileNotFoundError:
        return []
    except UsageError as error:
        return [_("{file} was left as it is: {error}", file=path.name, error=error)]
    except OSError as error:
        return [_("{file} was left as it is: {error}", file=path.name, error=f"{error.strerror or error}.")]
    return _tell(path.name, before, after, len(titles))


def reached_goals(spec: LabSpec, decided: Mapping[str, CheckResult]) -> dict[str, bool]:
    """Return by title which goals of the lab's tracker hold after a run, as far as the run tells.

    A goal holds when all of its visible checks ran and passed, and does not when one of them ran and did not pass.
    """
    reached = {}
    for goal in spec.tracker.goals if spec.tracker else []:
        outcomes = [decided[id].outcome if id in decided else None for id in spec.visible_checks(goal.evidence)]
        if all(outcome is Outcome.PASSED for outcome in outcomes):
            reached[goal.title] = True
        elif any(outcome not in (None, Outcome.PASSED, Outcome.HARNESS_ERROR) for outcome in outcomes):
            reached[goal.title] = False
    return reached


def _read(path: Path, mode: int) -> str:
    if not stat.S_ISREG(mode):
        raise UsageError(_("it is a link or no plain file; put a plain file there, or delete it."))
    if not mode & stat.S_IWUSR:
        raise UsageError(_("it is read-only."))
    if path.stat().st_size > LARGEST:
        raise UsageError(_("it is over 1 MiB; move your notes to a file of their own."))
    content = path.read_bytes()
    try:
        if b"\0" not in content:  # as in UTF-16
            return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise UsageError(_("it is not UTF-8 text; save it as UTF-8."))


def _tell(name: str, before: Mapping[str, Tick], after: Mapping[str, Tick], goals: int) -> list[str]:
    new = [title for title, tick in after.items() if before.get(title) != tick]
    holding = sum(tick.since is not None and tick.broken is None for tick in after.values())
    ticked = [title for title in new if not after[title].broken]
    counted = {"ticked": len(ticked), "holding": holding, "goals": goals}
    told = [_("{file}: {ticked} newly ticked, {holding} of {goals} in all.", file=name, **counted)] if ticked else []
    return told + [
        _(
            "{file}: “{goal}” was reached on {day} and is broken now; its tick stays.",
            file=name,
            goal=title,
            day=after[title].since,
        )
        for title in new
        if after[title].broken
    ]
