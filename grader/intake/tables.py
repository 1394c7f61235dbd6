"""A CSV file that a person or a platform wrote: whatever its encoding mark, delimiter and quoting, rows by header."""

import csv
import io
from collections import Counter
from pathlib import Path

from grader.errors import UsageError

LARGEST = 16 << 20
DELIMITERS = ",;\t|"


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Read a CSV file with a header; return the header and the rows, cells stripped, blank rows left out.

    UTF-8 with or without a mark, or UTF-16 with one; comma, semicolon, tab or bar. Raises UsageError in one sentence
    for a file that cannot be read so, for a header with an empty or doubled name, and for a row longer than it.
    """
    text = _read_text(path)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), _delimiter(text))]
    except csv.Error as error:
        raise UsageError(f"{path}: not a CSV file ({error}); save the table as CSV again.") from error
    rows = [row for row in rows if any(row)]
    if not rows:
        raise UsageError(f"{path}: is empty; its first line must name the columns.")
    header = rows[0]
    twice = [name for name, count in Counter(name.casefold() for name in header if name).items() if count > 1]
    if twice:
        raise UsageError(f"{path}: the column {twice[0]!r} is there twice; keep one of the two.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(header):
            raise UsageError(
                f"{path}: row {number} has {len(row)} cells, the header {len(header)}; quote cells that hold commas."
            )
    return header, [dict(zip(header, row + [""] * (len(header) - len(row)), strict=True)) for row in rows[1:]]


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a CSV file.") from error
    if len(data) > LARGEST:
        raise UsageError(f"{path}: is over 16 MB; that is no table of a class.")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 (byte {error.start + 1}); save the table as 'CSV UTF-8'.") from error
    if "\x00" in text:
        raise UsageError(f"{path}: holds a NUL character, so it is no CSV file; save the table as CSV again.")
    return text


def _delimiter(text: str) -> type[csv.excel]:
    first = next((line for line in text.splitlines() if line.strip()), "")

    class Dialect(csv.excel):
        delimiter = max(DELIMITERS, key=first.count)
        strict = True

    return Dialect
