"""A zip archive as a source. Only its list is read until a file is opened, so skipped weights cost nothing.

A zip is read from its end, and `zipfile` does not mind what stands before, behind or between: two lists, or one file
listed a thousand times over. Programs differ in what they show of such archives; each is refused here.
"""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from grader.errors import SubmissionError
from grader.intake.capped import CappedReader, damage_is_refused
from grader.intake.names import quote, split_name
from grader.intake.source import Entry

ENCRYPTED = 0x1
UTF8_NAME = 0x800
UNIX = 3
END_MAGIC = b"PK\x05\x06"
END_BYTES = 22  # of the list's end, the comment not counted
HEADER_BYTES = 30  # of a file, its name and extra fields not counted
ORDINARY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # one read of bzip2 may unpack to gigabytes


class Zip:
    """The files of a zip archive."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        """Read the archive's list. Raises SubmissionError for a damaged one."""
        self.packed = packed
        with damage_is_refused():
            self._file = CappedReader(file)
            self._zip = zipfile.ZipFile(self._file)
            self._check_ends()

    def entries(self) -> Iterator[Entry]:
        """Yield files and links; entries that end in `/` are folders. Raises SubmissionError for files that overlap."""
        self._check_places()
        for info in self._zip.infolist():
            parts = split_name(_name(info))
            if parts and not info.orig_filename.endswith(("/", "\\")):
                yield Entry(parts, "file" if _is_file(info) else "link", info.file_size, info)

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """Open a member. Raises SubmissionError for an encrypted or damaged one."""
        assert isinstance(entry.key, zipfile.ZipInfo)
        if entry.key.flag_bits & ENCRYPTED:
            raise SubmissionError(f"{quote('/'.join(entry.parts))} is encrypted; pack it again without a password.")
        if entry.key.compress_type not in ORDINARY:
            raise SubmissionError(f"{quote('/'.join(entry.parts))} is packed in a rare way; make an ordinary zip.")
        with damage_is_refused(), self._zip.open(entry.key) as stream:
            yield stream

    def _check_ends(self) -> None:
        """See that the archive ends with its list's end and comment."""
        self._file.seek(self.packed - END_BYTES - len(self._zip.comment))
        if self._file.read(len(END_MAGIC)) != END_MAGIC:
            raise zipfile.BadZipFile("something follows its end")

    def _check_places(self) -> None:
        """See that the files lie one after the other, from the archive's start to its list."""
        places = sorted((info.header_offset, info.compress_size) for info in self._zip.infolist())
        reached = 0
        for start, size in places:
            if start < reached or (reached == 0 and start):
                raise SubmissionError("the files in it overlap, or something precedes them; pack it again.")
            reached = start + HEADER_BYTES + size
        if reached > self._zip.start_dir:
            raise SubmissionError("the files in it overlap with its list; pack it again.")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name. macOS writes UTF-8 without saying so, older Windows tools write backslashes."""
    name = info.orig_filename
    if not info.flag_bits & UTF8_NAME:
        try:
            name = name.encode("cp437").decode()
        except UnicodeDecodeError as error:
            raise SubmissionError(
                f"the name {quote(name)} is not UTF-8; rename the file in plain letters and pack it again."
            ) from error
    return name.replace("\\", "/")


def _is_file(info: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a regular file. Only archives made on Unix say what else it may be."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return info.create_system != UNIX or kind in {0, stat.S_IFREG}
