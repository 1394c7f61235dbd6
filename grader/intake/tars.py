"""A tar archive as a source, compressed or not. A compressed one is first unpacked to a plain tar, within the caps.

`tarfile` on its own reads headers of any claimed size into memory, runs for ever on negative sizes (CVE-2025-8194) and
takes a damaged header for the archive's end; each is refused here.
"""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from grader.errors import SubmissionError
from grader.intake.capped import CHUNK, CappedReader, damage_is_refused
from grader.intake.names import split_name
from grader.intake.snapshot import failure_is_ours
from grader.intake.source import Caps, Entry, Kind, is_bomb, readable_size

DECOMPRESSORS: dict[bytes, Callable[[IO[bytes]], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}


class Tar:
    """The files of a tar archive."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        """Take a plain tar; `packed` is the size in bytes of the archive as it was handed in."""
        self.packed = packed
        self._reader = CappedReader(file)

    def entries(self) -> Iterator[Entry]:
        """Yield files, links and special files. Raises SubmissionError for a damaged archive or one cut short."""
        with damage_is_refused():
            self._tar = tarfile.open(fileobj=self._reader, mode="r:")  # noqa: SIM115 - lives as long as its file
            reached = -1
            while member := self._tar.next():
                if member.size < 0 or member.offset_data <= reached:
                    raise tarfile.ReadError("a member lies before the one it follows")
                reached = member.offset_data
                parts = split_name(member.name)
                if parts and not member.isdir():
                    yield Entry(parts, _kind(member), member.size, member)
            self._reader.seek(self._tar.offset)
            if self._reader.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("its end is missing")

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """Open a member. Raises SubmissionError for a damaged one."""
        assert isinstance(entry.key, tarfile.TarInfo)
        with damage_is_refused():
            stream = self._tar.extractfile(entry.key)
            assert stream is not None, "only regular files are opened"
            with stream:
                yield stream


def decompress(file: IO[bytes], packed: int, magic: bytes, plain: IO[bytes], caps: Caps) -> None:
    """Unpack a compressed tar to a plain one. Raises SubmissionError for a bomb or a stream cut short."""
    unpacked = 0
    with damage_is_refused(), DECOMPRESSORS[magic](file) as stream:
        while block := stream.read(CHUNK):
            unpacked += len(block)
            if is_bomb(unpacked, packed, caps) or unpacked > caps.unpacked_bytes:
                raise SubmissionError(
                    f"{readable_size(packed)} unpack to over {readable_size(unpacked - len(block))}; "
                    "pack only your modules, data/ and quiz.toml."
                )
            with failure_is_ours():
                plain.write(block)


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.isreg() and not member.issparse():
        return "file"
    return "link" if member.issym() or member.islnk() else "special"
