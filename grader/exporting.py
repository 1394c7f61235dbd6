"""`grader export`: from the results of a batch, or of one grading, to the file that a gradebook imports."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.batch.journal import FOLDER, Journal
from grader.errors import UsageError
from grader.intake.tables import read_table
from grader.render.exports import Gradebook
from grader.render.exports.canvas import render_canvas
from grader.render.exports.classroom50 import SUBMISSION, Run, render_classroom50
from grader.render.exports.csv import render_csv
from grader.render.exports.gradebook import Template
from grader.render.exports.gradescope import render_gradescope
from grader.render.exports.junit import render_junit
from grader.render.exports.moodle import render_moodle
from grader.render.exports.sheet import Export
from grader.results import Result, decode, write_atomically

RESULT, RESULTS = "result.json", "results.json"
RUNNER = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
}


@dataclass(frozen=True)
class Found:
    """The results that count, and sentences about what has none."""

    results: list[Result]
    notes: list[str]


def export(path: Path, to: Gradebook, template: Path | None, assignment: str, out: Path | None) -> list[str]:
    """Write results for a gradebook to `out`, or print them; return sentences about what is not in it.

    Gradescope takes a file a submission, so a class becomes a folder of them. Raises UsageError.
    """
    found = read_results(path)
    if to is Gradebook.GRADESCOPE:
        files = {f"{result.submission.id}/{RESULTS}": render_gradescope(result) for result in found.results}
        _write_files(files, out)
        return found.notes
    written = _render(found.results, to, template, assignment)
    _write(written.text, out)
    return [*found.notes, *written.notes]


def read_results(path: Path) -> Found:
    """Read a result.json, the folder of one, or the folder of a class, of which only attempts that count are taken.

    Raises UsageError where there is none, or one cannot be read.
    """
    file = path / RESULT if path.is_dir() and (path / RESULT).is_file() else path
    if file.is_file():
        return Found([_read(file)], [])
    if not path.is_dir():
        raise UsageError(f"{path}: there is nothing here; name a {RESULT}, or the folder of a class's reports.")
    files = {folder.parent.name: folder for folder in sorted(path.glob(f"*/{RESULT}"))}
    notes: list[str] = []
    if (path / FOLDER).is_dir():
        with Journal(path) as journal:
            roll = journal.read_roll()
        if roll is None:
            notes.append("The batch did not come to its end, so some submissions may be missing; run it again.")
        else:
            files = {member.id: files[member.id] for member in roll if member.counts and member.id in files}
            notes += [
                f"{member.id}: has no result ({member.refused or member.fault})."
                for member in roll
                if member.refused or member.fault
            ]
    if not files:
        raise UsageError(f"{path}: holds no results; grade first, and name the folder of the reports.")
    return Found([_read(file) for file in files.values()], notes)


def _render(results: Sequence[Result], to: Gradebook, template: Path | None, assignment: str) -> Export:
    if to is Gradebook.CANVAS:
        return render_canvas(results, _template(template, to), assignment)
    if to is Gradebook.MOODLE:
        return render_moodle(results, _template(template, to))
    if to is Gradebook.JUNIT:
        return render_junit(results)
    if to is Gradebook.CSV:
        return render_csv(results)
    if len(results) != 1:
        raise UsageError("Classroom 50 takes the result of one submission, in its own runner; name that result.json.")
    return Export(render_classroom50(results[0], _runner(os.environ)))


def _template(path: Path | None, to: Gradebook) -> Template:
    if path is None:
        raise UsageError(
            f"{to.capitalize()} knows students by its own numbers: export its gradebook or grading worksheet as CSV, "
            "and name the file with --template."
        )
    return Template(*read_table(path))


def _runner(environment: Mapping[str, str]) -> Run:
    missing = [name for name in RUNNER.values() if not environment.get(name)]
    if missing:
        raise UsageError(f"Classroom 50's runner sets {', '.join(missing)}; export inside of it, as its autograder.")
    values = {field: environment[name] for field, name in RUNNER.items()}
    if not values["submission"].startswith(SUBMISSION):
        raise UsageError(f"SUBMISSION_TAG must begin with {SUBMISSION}, as Classroom 50's runner sets it.")
    review = environment.get("REVIEW_URL") or values["commit"]
    return Run(**values, review=review, datetime=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _read(file: Path) -> Result:
    try:
        return decode(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}).") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{file}: is no result of this grader ({error}); grade the submission again.") from error


def _write_files(files: Mapping[str, str], out: Path | None) -> None:
    if len(files) == 1:
        _write(next(iter(files.values())), out)
    elif out is None:
        raise UsageError("Gradescope takes a file a submission; name a folder for them with --out.")
    else:
        for name, text in files.items():
            _write(text, out / name)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
        return
    try:
        write_atomically(out, text.encode())
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); choose another --out.") from error
