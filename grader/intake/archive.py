"""Which kind of archive a file is, told by its first bytes and not by its name."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from grader.errors import SubmissionError
from grader.intake.source import Caps, Source
from grader.intake.tars import DECOMPRESSORS, Tar, decompress
from grader.intake.zips import Zip

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
TAR_MAGIC = slice(257, 262)
NOT_READ = {
    b"7z\xbc\xaf\x27\x1c": "a 7z",
    b"Rar!": "a RAR",
    b"\x28\xb5\x2f\xfd": "a Zstandard",
    b"\x1f\x9d": "a compress",
}
SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz")


@contextmanager
def open_archive(file: IO[bytes], packed: int, workspace: Path, caps: Caps) -> Iterator[Source]:
    """Open a zip or tar; a compressed tar is unpacked to a nameless file in `workspace`.

    Raises SubmissionError for anything else.
    """
    start = file.read(TAR_MAGIC.stop)
    file.seek(0)
    if start.startswith(ZIP_MAGIC):
        yield Zip(file, packed)
    elif start[TAR_MAGIC] == b"ustar":
        yield Tar(file, packed)
    elif magic := next((magic for magic in DECOMPRESSORS if start.startswith(magic)), None):
        with tempfile.TemporaryFile(dir=workspace) as plain:
            decompress(file, packed, magic, plain, caps)
            plain.seek(0)
            yield Tar(plain, packed)
    elif kind := next((kind for magic, kind in NOT_READ.items() if start.startswith(magic)), None):
        raise SubmissionError(f"this is {kind} archive, which is not read; hand in the folder, or a zip of it.")
    else:
        raise SubmissionError("this is neither a folder nor a zip or tar archive; hand in the folder, or zip it.")
