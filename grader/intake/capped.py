"""Reading archives whose headers may lie: no single read is large, and a parser's every complaint is one sentence."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from grader.errors import GraderError, SubmissionError

CHUNK = 1 << 16
LARGEST_READ = 8 << 20  # a zip's list of 100,000 files


class CappedReader(io.RawIOBase):
    """A seekable file that refuses a read of more than 8 MiB at once, which only a false size in a header asks for.

    `allowance`, where it is set, is how many bytes may still be read in all.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.allowance: int | None = None

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or what is left for a negative one. Raises SubmissionError for more than allowed."""
        most = LARGEST_READ if self.allowance is None else min(self.allowance, LARGEST_READ)
        data = self._file.read(size if 0 <= size <= most else most + 1)
        if len(data) > most or size > most:
            raise SubmissionError(
                "a header in it is too long or lies about its size, or it lists too many files; pack it again."
            )
        if self.allowance is not None:
            self.allowance -= len(data)
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
        detail = repr(str(error) or type(error).__name__)[1:-1][:200]  # it may quote the archive
        raise SubmissionError(f"the archive is damaged or cut short ({detail}); pack it again.") from error
