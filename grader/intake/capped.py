"""Reading archives whose headers may lie: no single read is large, and a parser's every complaint is one sentence."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from grader.errors import GraderError, SubmissionError

CHUNK = 1 << 16
LARGEST_READ = 8 << 20  # a zip's list of 100,000 files; no tar header that tells the truth comes near


class CappedReader(io.RawIOBase):
    """A seekable file that refuses a read of more than 8 MiB at once, which only a false size in a header asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or what is left for a negative one. Raises SubmissionError for more than 8 MiB."""
        data = self._file.read(size if 0 <= size <= LARGEST_READ else LARGEST_READ + 1)
        if len(data) > LARGEST_READ or size > LARGEST_READ:
            raise SubmissionError("a header in it lies about its size, or it lists too many files; pack it again.")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Tell the parsers that they may jump."""
        return True

    def readable(self) -> bool:
        """Tell the parsers that they may read."""
        return True


@contextmanager
def damage_is_refused() -> Iterator[None]:
    """Turn whatever a parser raises on hostile bytes into a SubmissionError; our own sentences pass."""
    try:
        yield
    except GraderError:
        raise
    except Exception as error:  # zipfile and tarfile raise a dozen kinds, struct.error and RecursionError among them
        detail = (str(error) or type(error).__name__)[:200]
        raise SubmissionError(f"the archive is damaged or cut short ({detail}); pack it again.") from error
