"""Which labs a pull request changes: the two trees are compared file by file, so any version control will do."""

import hashlib
import os
import stat
from pathlib import Path

from grader.errors import SubmissionError


def changed_labs(base: Path, tree: Path) -> list[Path]:
    """Return the folders in `base` of the labs whose files are not the same in `tree`.

    Labs are what `base` says they are: one that `tree` adds has nothing yet that it could be graded by.
    """
    labs = sorted(path.parent for path in base.glob("labs/*/lab.toml"))
    return [lab for lab in labs if _leads_away(lab.name, tree) or _contents(lab) != _contents(tree / "labs" / lab.name)]


def folder_of(lab: Path, tree: Path) -> Path:
    """Return where a lab's folder lies in `tree`. Raises SubmissionError where a link leads away from there."""
    if _leads_away(lab.name, tree):
        raise SubmissionError(f"labs/{lab.name} is a link; put a plain folder with your files there.")
    return tree / "labs" / lab.name


def _leads_away(name: str, tree: Path) -> bool:
    return (tree / "labs").is_symlink() or (tree / "labs" / name).is_symlink()


def _contents(folder: Path) -> dict[str, str]:
    """Return what lies below a folder, by relative path: hashes of files, targets of links."""
    contents = {}
    for above, folders, files in os.walk(folder):
        for path in (Path(above, name) for name in [*folders, *files]):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                contents[str(path.relative_to(folder))] = f"link to {path.readlink()}"
            elif stat.S_ISREG(mode):
                with path.open("rb") as stream:
                    contents[str(path.relative_to(folder))] = hashlib.file_digest(stream, "sha256").hexdigest()
    return contents
