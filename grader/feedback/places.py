"""Where in a repository a check's remark belongs: the line that raised, the file that is named, the function called."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.errors import SubmissionError
from grader.grade import take_in
from grader.intake import Submission
from grader.lab import Lab, LabSpec
from grader.render.annotations import Located, Place
from grader.results import CheckResult, Result

LARGEST = 1 << 20  # bytes of a file in which a line is looked for
_FILE = r"([\w./-]{1,200}\.(?:py|jsonl|toml))"
_FRAME = re.compile(rf"^{_FILE}, line (\d{{1,6}}), in ", re.MULTILINE)
_MENTION = re.compile(rf"{_FILE}, line (\d{{1,6}})")
_CALLED = re.compile(r"(?:\w+\.)?(\w{1,100})\(")

Read = Callable[[str], str | None]


def locate(result: Result, lab: Lab, path: Path, root: Path) -> Located:
    """Return a result with the place of each check that has one, for the folder `path` in the repository at `root`.

    What a check says is partly the student's text, so a place counts only where that line is really there.
    Raises SubmissionError where the folder cannot be read any more.
    """
    if not (path.is_dir() and path.resolve().is_relative_to(root.resolve())):
        return Located(result, {})
    with take_in(path, lab) as submission:
        above = path.resolve().relative_to(root.resolve()) / submission.folder
        places = {
            check.id: Place((above / found[0]).as_posix(), found[1])
            for check in result.checks()
            if (found := _find(check, lab.spec, submission))
        }
    return Located(result, places)


def _find(check: CheckResult, spec: LabSpec, submission: Submission) -> tuple[str, int] | None:
    def read(name: str) -> str | None:
        try:
            content = submission.read(name, LARGEST)
        except SubmissionError:  # a traceback may name any path, and a folder may bear a module's name
            return None
        return None if content is None else content.decode("utf-8", "replace")

    for name, line in _candidates(check, spec, read):
        text = read(name)
        if text is not None and 1 <= line <= text.count("\n") + 1:
            return name, line
    return None


def _candidates(check: CheckResult, spec: LabSpec, read: Read) -> Iterator[tuple[str, int]]:
    """Yield names in the submission, each with a line, the most telling first."""
    example = check.example
    frames = _FRAME.findall(example.traceback or "") if example else []
    yield from ((name, int(line)) for name, line in reversed(frames))
    yield from ((name, int(line)) for name, line in _MENTION.findall(check.message))
    module = spec.task_of(check.id).module
    if example and (called := _CALLED.match(example.call)):
        yield from _definitions(called[1], module, spec, read)
    if module:
        yield f"{module}.py", 1
    yield from ((name, 1) for name in spec.files if name in check.message)


def _definitions(function: str, module: str | None, spec: LabSpec, read: Read) -> Iterator[tuple[str, int]]:
    others = [task.module for task in spec.tasks if task.module]
    for name in dict.fromkeys([module, *others] if module else others):
        text = read(f"{name}.py") or ""
        if found := re.search(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{function}\b", text, re.MULTILINE):
            yield f"{name}.py", text.count("\n", 0, found.start()) + 1
