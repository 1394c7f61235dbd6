"""What a folder, a zip and a tar have in common: a list of entries, and a way to open one of them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Literal, Protocol

MIB = 1 << 20


@dataclass(frozen=True)
class Caps:
    """The most that a submission may be. A name's bytes are those of its whole path inside the submission."""

    total_bytes: int = 64 * MIB
    file_bytes: int = 16 * MIB
    files: int = 2_000
    depth: int = 16
    name_bytes: int = 240
    ratio: int = 200  # unpacked to packed; deflate reaches 1,032 on zeros, source code and JSON about 10
    listed: int = 100_000  # entries looked at, junk and the rest of a checkout included
    unpacked_bytes: int = 512 * MIB  # of a compressed tar, whose files cannot be skipped unread


CAPS = Caps()


Kind = Literal["file", "link", "special"]


@dataclass(frozen=True)
class Entry:
    """One name in a source. `size` is what the source claims, in bytes; `key` finds the entry again."""

    parts: tuple[str, ...]
    kind: Kind
    size: int = 0
    key: object = None


class Source(Protocol):
    """A folder or archive being read. All three raise SubmissionError for what they refuse."""

    @property
    def packed(self) -> int | None:
        """The archive's own size in bytes; None for a folder."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Yield everything but folders."""
        ...

    def open(self, entry: Entry) -> AbstractContextManager[IO[bytes]]:
        """Open a file entry for reading, without following a link."""
        ...


def is_bomb(unpacked: int, packed: int | None, caps: Caps) -> bool:
    """Tell whether so much came out of so little that it is a bomb; small archives of repetitive text are not."""
    return packed is not None and unpacked > 4 * MIB and unpacked > caps.ratio * packed


def readable_size(size: int) -> str:
    """Write a number of bytes for a sentence."""
    return f"{size / MIB:,.1f} MB" if size >= MIB else f"{size / 1024:,.1f} KB"
