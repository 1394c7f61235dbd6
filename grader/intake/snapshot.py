"""The private copy of a submission's files, with the SHA-256 that names its content."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.errors import HarnessError, SubmissionError
from grader.intake.capped import CHUNK
from grader.intake.names import quote
from grader.intake.source import Caps, Entry, Source, is_bomb, readable_size

MEND = "leave out what is not your modules, data/ or quiz.toml"


@dataclass(frozen=True)
class Snapshot:
    """What was copied: hexadecimal SHA-256 over names and contents, number of files, bytes."""

    sha256: str
    files: int
    bytes: int


def copy_files(source: Source, entries: Sequence[Entry], depth: int, target: Path, caps: Caps) -> Snapshot:
    """Copy files into the new folder `target`, the first `depth` parts of their names cut off.

    The hash runs over the names in order, each with its content's own hash, so it is the same for a folder, a zip and
    a tar of the same files at any time. Raises SubmissionError for what is over the caps, HarnessError where the
    copy cannot be written.
    """
    named = {"/".join(entry.parts[depth:]): entry for entry in entries}
    _refuse_large({name: entry.size for name, entry in named.items()}, caps)
    digest, total = hashlib.sha256(), 0
    with failure_is_ours():
        target.mkdir(parents=True)
    for name in sorted(named):
        with source.open(named[name]) as stream:
            content = read_whole(stream, name, min(caps.file_bytes, caps.total_bytes - total))
        total += len(content)
        if is_bomb(total, source.packed, caps):
            raise SubmissionError(f"{quote(name)} unpacks to far more than its packed size; {MEND}.")
        digest.update(f"{len(name.encode())}:{name}:{hashlib.sha256(content).hexdigest()}\n".encode())
        with failure_is_ours():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            with (target / name).open("xb") as copy:
                copy.write(content)
    return Snapshot(digest.hexdigest(), len(named), total)


def read_whole(stream: IO[bytes], name: str, limit: int) -> bytes:
    """Read a file of at most `limit` bytes, whatever size it claims. Raises SubmissionError for a larger one."""
    content = bytearray()
    while block := stream.read(CHUNK):
        content += block
        if len(content) > limit:
            raise SubmissionError(f"{quote(name)} is over {readable_size(limit)}; {MEND}.")
    return bytes(content)


@contextmanager
def failure_is_ours() -> Iterator[None]:
    """Turn a failure to write the copy into a HarnessError: a full disk is no fault of the submission."""
    try:
        yield
    except OSError as error:
        raise HarnessError(f"{error.filename}: cannot be written ({error.strerror}); give the grader room.") from error


def _refuse_large(sizes: dict[str, int], caps: Caps) -> None:
    if len(sizes) > caps.files:
        raise SubmissionError(f"it holds {len(sizes):,} files, over {caps.files:,}; {MEND}.")
    for name, size in sizes.items():
        if len(name.encode()) > caps.name_bytes or name.count("/") >= caps.depth:
            raise SubmissionError(f"the name {quote(name)} is too long or too deep; {MEND}.")
        if size > caps.file_bytes:
            limit = readable_size(caps.file_bytes)
            raise SubmissionError(f"{quote(name)} claims {readable_size(size)}, over {limit} a file; {MEND}.")
    total = sum(sizes.values())
    if total > caps.total_bytes:
        raise SubmissionError(f"its files are {readable_size(total)}, over {readable_size(caps.total_bytes)}; {MEND}.")
