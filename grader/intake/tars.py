"""A tar archive as a source, compressed or not. A compressed one is first unpacked to a plain tar, within the caps.

`tarfile` on its own reads headers of any claimed size into memory, copies a header that speaks for all files once for
each of them, runs for ever on negative sizes (CVE-2025-8194), takes a damaged header for the archive's end and does not
see what follows that; each is refused here.
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

HEADER_BYTES = 64 << 10
"""Of one member, with all that extends it: long names, attributes, the map of a sparse file."""
LONGEST_PADDING = 1 << 20  # tar fills its last record up with zeros, 10 KiB as a rule
XZ_MEMORY = 128 << 20  # `xz -9` needs 65 MiB; a header may ask for 4 GiB


def _blocks(stream: io.BufferedIOBase) -> Iterator[bytes]:
    with stream:
        yield from iter(lambda: stream.read(CHUNK), b"")


def _xz_blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Unpack one xz stream; lzma's own files take no limit of memory."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    while not decoder.eof:
        packed = file.read(CHUNK) if decoder.needs_input else b""
        if decoder.needs_input and not packed:
            raise EOFError("its end is missing")
        yield decoder.decompress(packed, CHUNK)
    if decoder.unused_data or file.read(1):
        raise lzma.LZMAError("something follows its end")


DECOMPRESSORS: dict[bytes, Callable[[IO[bytes]], Iterator[bytes]]] = {
    b"\x1f\x8b": lambda file: _blocks(gzip.GzipFile(fileobj=file)),
    b"BZh": lambda file: _blocks(bz2.BZ2File(file)),
    b"\xfd7zXZ\x00": _xz_blocks,
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
            reached = -1
            self._reader.allowance = HEADER_BYTES
            self._tar = tarfile.open(fileobj=self._reader, mode="r:")  # noqa: SIM115 - lives as long as its file
            while member := self._tar.next():
                if member.size < 0 or member.offset_data <= reached:
                    raise tarfile.ReadError("a member lies before the one it follows")
                reached = member.offset_data
                self._check_headers(member)
                parts = split_name(member.name)
                if parts and not member.isdir():
                    yield Entry(parts, _kind(member), member.size, member)
                self._reader.allowance = HEADER_BYTES
            self._check_end()
            self._reader.allowance = None

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """Open a member. Raises SubmissionError for a damaged one."""
        assert isinstance(entry.key, tarfile.TarInfo)
        with damage_is_refused():
            stream = self._tar.extractfile(entry.key)
            assert stream is not None, "only regular files are opened"
            with stream:
                yield stream

    def _check_headers(self, member: tarfile.TarInfo) -> None:
        """Let only git's commit speak for all files, no name and no size; drop attributes, which nobody reads."""
        if member.pax_headers.get("size", str(member.size)) != str(member.size):
            raise tarfile.HeaderError("a size in it is no number")
        member.pax_headers = {}
        if self._tar.pax_headers.keys() - {"comment"}:
            raise tarfile.HeaderError("one header speaks for all files")

    def _check_end(self) -> None:
        """See that blocks of zeros end the archive, and nothing follows them that another program might read."""
        self._reader.seek(self._tar.offset)
        self._reader.allowance = LONGEST_PADDING
        end = self._reader.read(LONGEST_PADDING)
        if len(end) < tarfile.BLOCKSIZE or any(end[: tarfile.BLOCKSIZE]):
            raise tarfile.ReadError("its end is missing")
        if any(end) or len(end) == LONGEST_PADDING:
            raise tarfile.ReadError("something follows its end")


def decompress(file: IO[bytes], packed: int, magic: bytes, plain: IO[bytes], caps: Caps) -> None:
    """Unpack a compressed tar to a plain one. Raises SubmissionError for a bomb or a stream cut short."""
    unpacked = 0
    with damage_is_refused():
        for block in DECOMPRESSORS[magic](file):
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
