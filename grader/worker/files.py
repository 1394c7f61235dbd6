"""A worker's own folder. The trusted side fills `inbox/`; the student's code may write `scratch/` (its HOME and TMPDIR)
and `out/` (the folders that a check asks for). Only what lies in those three can be swapped by the student's code."""

import os
import re
import sysconfig
from pathlib import Path

from grader.errors import HarnessError
from grader.worker.artifacts import refused
from grader.worker.folders import OwnedFolder

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


class WorkerFiles:
    """The folders of one worker, on the trusted side. They lie at the same path inside and outside."""

    def __init__(self) -> None:
        self._folder = OwnedFolder()
        self.inbox = self._folder.path / "inbox"
        self.scratch = self._folder.path / "scratch"
        self.out = self._folder.path / "out"
        for path in (self.inbox, self.scratch, self.out):
            path.mkdir(mode=0o700)

    def put(self, name: str, content: bytes) -> str:
        """Write a file into the inbox, in place of one of the same name. Returns its path."""
        path = self.inbox / _plain_name(name)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
        return str(path)

    def new_folder(self, name: str) -> str:
        """Make an empty folder in `out/`; where the name is taken, a number is added. Returns its path.

        Raises StudentError where the student's code took all the names.
        """
        name = _plain_name(name)
        for number in range(1, 10_000):
            path = self.out / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return str(path)
        raise refused(f"ten thousand folders named {name} are there already")

    def open_folder(self, folder: str) -> int:
        """Open a folder that `new_folder` gave, unless a link lies there by now. Raises StudentError, HarnessError."""
        path = Path(folder)
        if path.parent != self.out:
            raise HarnessError(f"{folder} is no folder that was made for this worker; ask for one with new_folder.")
        try:
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise refused(f"{path.name} is no folder any more ({error.strerror})") from error

    def empty_inbox(self) -> None:
        """Remove the files that `put` wrote."""
        for path in self.inbox.iterdir():
            path.unlink()

    def shown_as(self, root: Path) -> dict[str, str]:
        """Return what a student sees instead of this machine's paths."""
        libraries = Path(sysconfig.get_path("purelib"))
        return {f"{path}/": "" for path in (self.inbox, self.scratch, self.out, root, libraries)}

    def remove(self) -> None:
        """Remove everything. Doing so twice is allowed."""
        self._folder.remove()


def _plain_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise HarnessError(f"{name!r} cannot be a file's name here: letters, digits, '.', '_' and '-' only.")
    return name
