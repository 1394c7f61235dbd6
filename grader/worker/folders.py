"""Temporary folders that somebody owns: locked by a living process, swept away by the next start once it is gone."""

import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from grader.errors import HarnessError

_PREFIX = "grader-worker-"  # nobody else in this project names a folder so: a sweep takes what has no lock


class OwnedFolder:
    """A private folder (0700) that exists until `remove`, or until its owner has died and another start sweeps."""

    def __init__(self) -> None:
        self._lock, self.path = _make()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the folder and all in it. Doing so twice is allowed."""
        if self._lock < 0:
            return
        remove_tree(self.path)
        os.close(self._lock)
        self._lock = -1


def sweep() -> None:
    """Remove folders whose owner was killed before it could: nobody holds their lock any more."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            descriptor = _lock(path)
        except OSError:
            continue  # in use, another user's, or gone already
        with suppress(OSError):
            remove_tree(path)
        os.close(descriptor)


def _make() -> tuple[int, Path]:
    for _ in range(100):
        # Resolved, because the kernel shows and compares real paths: /tmp may be a link.
        path = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
        try:
            descriptor = _lock(path)
        except OSError:
            continue  # swept between the making and the locking
        if os.fstat(descriptor).st_nlink:
            return descriptor, path
        os.close(descriptor)
    raise HarnessError(f"No temporary folder can be made and locked in {tempfile.gettempdir()}.")


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(f"{path} is another user's")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def remove_tree(root: Path) -> None:
    """Remove a folder that hostile code filled: any depth, any mode, links never followed.

    shutil.rmtree recurses, and a chain of ten thousand folders ends it. Here each inner folder is moved up to the root
    before it is emptied, so that no path is ever longer than two names.
    """
    if not root.is_dir():
        return
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        moved = 0
        while names := _names(top):
            for name in names:
                moved = _remove_entry(name, top, moved)
    finally:
        os.close(top)
    root.rmdir()


def _names(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as found:
        return [entry.name for entry in found]


def _remove_entry(name: str, top: int, moved: int) -> int:
    if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=top)
        return moved
    os.chmod(name, 0o700, dir_fd=top)
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    try:
        for entry in _names(inner):
            if stat.S_ISDIR(os.stat(entry, dir_fd=inner, follow_symlinks=False).st_mode):
                os.chmod(entry, 0o700, dir_fd=inner)
                moved += 1
                os.rename(entry, f"{_PREFIX}{moved}", src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(entry, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)
    return moved
