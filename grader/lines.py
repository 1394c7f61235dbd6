"""Files of JSON lines that grow by one line at a time, so that hours of work are kept as they come."""

from pathlib import Path
from typing import TypeVar

import msgspec

from grader.errors import LabError

Kept = TypeVar("Kept", bound=msgspec.Struct)


def append_line(path: Path, record: msgspec.Struct) -> None:
    """Add one line, whole: a line that a crash cut short is dropped by `read_lines`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        stream.write(msgspec.json.encode(record) + b"\n")


def read_lines(path: Path, kind: type[Kept], mend: str) -> list[Kept]:
    """Return the records kept so far, none where there is no file; a last line that was cut short is taken out of it.

    Raises LabError for any other damage; `mend` is what its sentence says of how to mend it.
    """
    if not path.is_file():
        return []
    *whole, last = path.read_bytes().split(b"\n")
    try:
        records = [msgspec.json.decode(line, type=kind) for line in whole]
    except msgspec.MsgspecError as error:
        raise LabError(f"{path}: {error}; {mend}.") from error
    if last:
        path.write_bytes(b"".join(line + b"\n" for line in whole))
    return records
