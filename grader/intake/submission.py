"""Open what a student handed in: a folder or an archive becomes a checked, private copy that everything else reads."""

import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.archive import SUFFIXES, open_archive
from grader.intake.folder import Folder, open_beneath
from grader.intake.layout import find_root
from grader.intake.names import clean_id, is_junk, is_model, quote, refuse_clashes, refuse_devices, show, split_name
from grader.intake.snapshot import copy_files, failure_is_ours, read_whole
from grader.intake.source import CAPS, Caps, Entry, Source
from grader.results import SubmissionInfo


@dataclass(frozen=True)
class Submission:
    """One submission. `root` is the private copy; `warnings` are sentences about files that were left out.

    `folder` is where it lay in what was handed in, as a relative POSIX path: `labs/NAME` in a checkout, mostly empty.
    """

    info: SubmissionInfo
    root: Path
    warnings: list[str]
    folder: str

    def read(self, name: str, limit: int) -> bytes | None:
        """Read a file by its relative POSIX name, or return None where there is none.

        Raises SubmissionError for a name that leaves the submission and for a file over `limit` bytes.
        """
        try:
            with open_beneath(self.root, split_name(name)) as stream:
                return read_whole(stream, name, limit)
        except FileNotFoundError:
            return None


def open_submission(path: Path, workspace: Path, expected: Sequence[str], caps: Caps = CAPS) -> Submission:
    """Copy the submission at `path` into the new folder `workspace/submission` and describe it.

    `expected` are the relative names of the lab's files, such as `formatting.py`; the folder that holds them is the
    submission, wherever it lies. `workspace` is the caller's, private, and holds one submission. Raises SubmissionError
    in one sentence for whatever is no submission or is refused, and HarnessError where the copy cannot be written.
    """
    name = Path(os.path.abspath(path)).name  # noqa: PTH100 - resolve() would take a link's target for its name
    try:
        with failure_is_ours():
            workspace.mkdir(parents=True, exist_ok=True)
        with _open_source(path, workspace, caps) as source:
            return _take(source, clean_id(name), workspace, expected, caps)
    except SubmissionError as error:
        raise SubmissionError(f"{show(path)}: {error}") from error


def fingerprint(path: Path, expected: Sequence[str]) -> SubmissionInfo:
    """Describe the submission at `path` as `open_submission` does, and keep no copy. Raises what that raises."""
    with tempfile.TemporaryDirectory(prefix="fingerprint-") as workspace:
        return open_submission(path, Path(workspace), expected).info


@contextmanager
def _open_source(path: Path, workspace: Path, caps: Caps) -> Iterator[Source]:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise SubmissionError("there is nothing here to read; name a folder, a zip or a tar archive.") from error
    if real.is_dir():
        yield Folder(real)
        return
    with open_beneath(real.parent, (real.name,)) as file:
        packed = os.fstat(file.fileno()).st_size
        with open_archive(file, packed, workspace, caps) as archive:
            yield archive


def _take(
    source: Source, id: str, workspace: Path, expected: Sequence[str], caps: Caps, inner: bool = False
) -> Submission:
    entries = _list(source, caps)
    root = find_root((entry.parts for entry in entries if entry.kind == "file"), expected)
    if root is None:
        archives = [] if inner else [entry for entry in entries if entry.parts[-1].lower().endswith(SUFFIXES)]
        if len(archives) != 1:
            raise SubmissionError(_describe_absence(expected))
        with _open_inner(source, archives[0], workspace, caps) as archive:
            return _take(archive, id, workspace, expected, caps, inner=True)
    mine = [entry for entry in entries if entry.parts[: len(root)] == root]
    files = [entry for entry in mine if entry.kind == "file" and not is_model(entry.parts)]
    refuse_clashes(entry.parts for entry in files)
    refuse_devices(entry.parts[len(root) :] for entry in files)
    copy = copy_files(source, files, len(root), workspace / "submission", caps)
    info = SubmissionInfo(id=id, sha256=copy.sha256, files=copy.files, bytes=copy.bytes)
    return Submission(info, workspace / "submission", _warnings(mine), "/".join(root))


def _describe_absence(expected: Sequence[str]) -> str:
    if len(expected) == 1:
        return f"{expected[0]} is neither here nor in a folder below; hand in the folder that holds it."
    names = ", ".join(expected)
    return f"none of {names} is here or in a folder below; hand in the folder that holds them."


def _list(source: Source, caps: Caps) -> list[Entry]:
    """List what is no by-product. In an archive a link has no honest use, so there it is refused."""
    listed = list(islice(source.entries(), caps.listed + 1))
    if len(listed) > caps.listed:
        raise SubmissionError(f"it lists over {caps.listed:,} files; hand in the lab's folder alone.")
    entries = [entry for entry in listed if not is_junk(entry.parts)]
    for entry in entries:
        if source.packed is not None and entry.kind != "file":
            name = quote("/".join(entry.parts))
            raise SubmissionError(f"{name} is a link or a special file; put a plain copy of the file there.")
    return entries


@contextmanager
def _open_inner(source: Source, entry: Entry, workspace: Path, caps: Caps) -> Iterator[Source]:
    """Open the one archive in a folder that an LMS made around it. It is opened once: some archives hold themselves."""
    with source.open(entry) as stream:
        content = read_whole(stream, entry.parts[-1], caps.total_bytes)
    with open_archive(io.BytesIO(content), len(content), workspace, caps) as archive:
        yield archive


def _warnings(entries: Sequence[Entry]) -> list[str]:
    models = [entry for entry in entries if entry.kind == "file" and is_model(entry.parts)]
    links = [entry for entry in entries if entry.kind != "file"]
    return [
        *_warning(models, "weights or part of a checkpoint; the grader trains its own"),
        *_warning(links, "a link or a special file; put a plain copy there if your code needs it"),
    ]


def _warning(entries: Sequence[Entry], why: str) -> list[str]:
    if not entries:
        return []
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return [f"{quote('/'.join(entries[0].parts))}{more} left out: {why}."]
