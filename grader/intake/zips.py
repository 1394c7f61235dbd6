"""A zip archive as a source. Only its list is read until a file is opened, so skipped weights cost nothing."""

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
ORDINARY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # one read of bzip2 may unpack to gigabytes


class Zip:
    """The files of a zip archive."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        """Read the archive's list. Raises SubmissionError for a damaged one."""
        self.packed = packed
        with damage_is_refused():
            self._zip = zipfile.ZipFile(CappedReader(file))

    def entries(self) -> Iterator[Entry]:
        """Yield files and links; entries that end in `/` are folders."""
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
