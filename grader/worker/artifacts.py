"""Reads the files that a student's code left in a folder: hostile input, opened without following anything."""

import itertools
import os
import stat

from grader.worker.faults import StudentError, student_error

MAX_FILES = 200
MAX_DEPTH = 8


def collect(folder: int, max_bytes: int) -> dict[str, bytes]:
    """Return relative POSIX path to bytes for every file under an open folder, and close it.

    Raises StudentError (kind `ArtifactRefused`) for a link, a special file, a file with a second name, a name that is
    not printable text, and for more than 200 files, 8 levels or `max_bytes` in all.
    """
    try:
        return _walk(folder, max_bytes)
    finally:
        os.close(folder)


def refused(reason: str) -> StudentError:
    """Return the fault for files that are not taken."""
    return student_error("ArtifactRefused", ["OSError"], f"The files were not taken: {reason}.")


def _walk(folder: int, max_bytes: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    pending = [""]
    left = max_bytes
    while pending:
        inner = pending.pop()
        descriptor = _open_folder(folder, inner)
        try:
            for name in _names(descriptor):
                path = f"{inner}/{name}" if inner else name
                if len(found) + len(pending) >= MAX_FILES:
                    raise refused(f"more than {MAX_FILES} files and folders were written")
                if _is_folder(descriptor, name, path):
                    pending.append(path)
                    continue
                found[path] = _read(descriptor, name, path, left, max_bytes)
                left -= len(found[path])
        finally:
            os.close(descriptor)
    return dict(sorted(found.items()))


def _open_folder(folder: int, inner: str) -> int:
    """Open a folder name by name, each without following a link: any of them may be swapped while we walk."""
    names = inner.split("/") if inner else []
    if len(names) > MAX_DEPTH:
        raise refused(f"folders are nested more than {MAX_DEPTH} deep")
    descriptor = os.dup(folder)
    for name in names:
        try:
            following = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        except OSError as error:
            raise refused(f"{inner} cannot be opened ({error.strerror})") from error
        finally:
            os.close(descriptor)
        descriptor = following
    return descriptor


def _names(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as found:
        return sorted(entry.name for entry in itertools.islice(found, MAX_FILES + 1))


def _is_folder(descriptor: int, name: str, path: str) -> bool:
    if not name.isprintable():
        raise refused(f"a file's name is not printable text: {name!a}")
    try:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError as error:  # a thread that the code left running may remove it just now
        raise refused(f"{path} cannot be read ({error.strerror})") from error
    if stat.S_ISDIR(status.st_mode):
        return True
    if not stat.S_ISREG(status.st_mode):
        raise refused(f"{path} is a link or a special file; only regular files are read")
    return False


def _read(descriptor: int, name: str, path: str, left: int, max_bytes: int) -> bytes:
    try:
        # Non-blocking: were it swapped for a FIFO by now, opening it would wait for ever.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
    except OSError as error:
        raise refused(f"{path} cannot be opened ({error.strerror})") from error
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:  # a folder too, where it was swapped for one
            raise refused(f"{path} is a link to another file, or a special file; only regular files are read")
        with os.fdopen(file, "rb", closefd=False) as stream:
            content = stream.read(left + 1)
    finally:
        os.close(file)
    if len(content) > left:
        raise refused(
            f"they are larger than {max_bytes // 2**20} MiB in all; an adapter has a few, a full model is not needed"
        )
    return content
