"""What no rlimit counts: all files of a worker together, and its threads. Looked at twice a second during a call."""

import os
from collections.abc import Iterable
from pathlib import Path

from grader.worker.transport import WorkerLimits

MAX_THREADS = 256
MAX_ENTRIES = 10_000


def excess(pid: int, folders: Iterable[Path], limits: WorkerLimits) -> str | None:
    """Return in words which limit a worker is over, or None."""
    if _threads(pid) > MAX_THREADS:
        return f"Your code started more than {MAX_THREADS} threads."
    used, entries = _usage(folders)
    if entries > MAX_ENTRIES:
        return f"Your code made more than {MAX_ENTRIES} files and folders."
    if used > limits.scratch_mb * 2**20:
        return f"Your code wrote more than {limits.scratch_mb} MiB of files."
    return None


def _threads(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0  # it has just ended
    return int(status.partition("Threads:")[2].split(maxsplit=1)[0])


def _usage(folders: Iterable[Path]) -> tuple[int, int]:
    """Return the bytes on disk and the number of entries, counting no further than to the limit."""
    used = entries = 0
    pending = [str(folder) for folder in folders]
    while pending and entries <= MAX_ENTRIES:
        try:
            with os.scandir(pending.pop()) as found:
                for entry in found:
                    entries += 1
                    if entries > MAX_ENTRIES:
                        break
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        used += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue  # removed while we looked, or a path too long to open
    return used, entries
