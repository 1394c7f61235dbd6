"""A folder as a source. Links are listed and never followed, also when somebody swaps files while we read."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from grader.errors import SubmissionError
from grader.intake.names import JUNK_FOLDERS, quote, split_name
from grader.intake.source import Entry

DEEPEST = 64  # of a whole checkout; a submission in it has its own, smaller cap


class Folder:
    """The files of a folder."""

    packed = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Iterator[Entry]:
        """Yield files, links and special files. A folder of by-products (.git, .venv) is not entered."""
        pending: list[tuple[str, ...]] = [()]
        while pending:
            above = pending.pop()
            if len(above) > DEEPEST:
                raise SubmissionError(
                    f"its folders lie over {DEEPEST} deep in each other; hand in the lab's folder alone."
                )
            for name, status in self._list(above):
                parts = split_name("/".join((*above, name)))
                if not stat.S_ISDIR(status.st_mode):
                    yield _entry(parts, status)
                elif name not in JUNK_FOLDERS:
                    pending.append(parts)

    def _list(self, above: tuple[str, ...]) -> list[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self._path.joinpath(*above)) as found:
                return sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in found)
        except OSError as error:
            raise SubmissionError(
                f"{quote(str(error.filename))} cannot be read ({error.strerror}); make it readable for the grader."
            ) from error

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """Open a file beneath the folder."""
        try:
            with open_beneath(self._path, entry.parts) as stream:
                yield stream
        except FileNotFoundError as error:
            raise SubmissionError(
                f"{quote('/'.join(entry.parts))} vanished while it was read; grade again when nobody is writing there."
            ) from error


@contextmanager
def open_beneath(folder: Path, parts: tuple[str, ...]) -> Iterator[IO[bytes]]:
    """Open a regular file beneath a folder, following no link at any level and waiting for no FIFO.

    Raises FileNotFoundError where nothing is there and SubmissionError where something else than a file is.
    """
    name = quote("/".join(parts))
    with ExitStack() as opened:
        try:
            place = _open(opened, folder, os.O_DIRECTORY)
            for part in parts[:-1]:
                place = _open(opened, part, os.O_DIRECTORY | os.O_NOFOLLOW, place)
            file = _open(opened, parts[-1], os.O_NOFOLLOW | os.O_NONBLOCK, place)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SubmissionError(f"{name} cannot be read ({error.strerror}); put a plain file there.") from error
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise SubmissionError(f"{name} is not a regular file; put a plain file there.")
        with os.fdopen(file, "rb", closefd=False) as stream:
            yield stream


def _open(opened: ExitStack, name: str | Path, flags: int, folder: int | None = None) -> int:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | flags, dir_fd=folder)
    opened.callback(os.close, descriptor)
    return descriptor


def _entry(parts: tuple[str, ...], status: os.stat_result) -> Entry:
    if stat.S_ISREG(status.st_mode):
        return Entry(parts, "file", status.st_size)
    return Entry(parts, "link" if stat.S_ISLNK(status.st_mode) else "special")
