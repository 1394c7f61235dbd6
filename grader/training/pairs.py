"""A person's own pairs, read as the lab's contract has it: JSON Lines of `{"input", "output"}`, mistakes by line."""

import json
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.folder import open_beneath
from grader.intake.names import show
from grader.intake.snapshot import read_whole
from grader.training.heldout import Pair

LARGEST = 1 << 20  # bytes of a file of pairs, as in the checks: ten thousand pairs are about that
FIELDS = ("input", "output")


def read_file(path: Path) -> bytes:
    """Read a plain file of at most 1 MiB that somebody named. Raises SubmissionError for anything else."""
    try:
        real = path.resolve(strict=True)
        with open_beneath(real.parent, (real.name,)) as stream:
            return read_whole(stream, path.name, LARGEST)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise SubmissionError(f"{show(path)}: there is no file here that can be read.") from error


def read_pairs(content: bytes, name: str) -> list[Pair]:
    """Return the pairs of a file in its order; other keys are dropped, values stay as they are.

    Raises SubmissionError that names the file and the 1-based line of the first mistake, or says that no pair is there.
    """
    pairs = [_read_pair(row, f"{name}, line {number}") for number, row in read_objects(content, name)]
    if not pairs:
        raise SubmissionError(f'{name} holds no pairs; write {{"input": "…", "output": "…"}}, one a line.')
    return pairs


def read_objects(content: bytes, name: str) -> list[tuple[int, dict[str, object]]]:
    """Return the objects of a JSON Lines file with their 1-based lines, blank lines skipped and counted.

    A line ends at a newline and at nothing else; a byte-order mark at the start is no part of it. Raises
    SubmissionError that names the first line which is no object.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [
        (number, _read_object(line, f"{name}, line {number}")) for number, line in enumerate(lines, 1) if line.strip()
    ]


def _read_object(line: bytes, where: str) -> dict[str, object]:
    try:
        found = json.loads(str(line, "utf-8"))
    except UnicodeDecodeError as error:
        raise SubmissionError(f"{where} is not UTF-8 text (byte {error.start + 1}); save the file as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise SubmissionError(f"{where} is not JSON: {error.msg} at column {error.colno}.") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; brackets without end
        raise SubmissionError(f"{where} is not JSON that can be read.") from error
    if not isinstance(found, dict):
        raise SubmissionError(f"{where} is no object; put each row in braces, on a line of its own.")
    return found


def _read_pair(row: dict[str, object], where: str) -> Pair:
    texts = []
    for field in FIELDS:
        value = row.get(field)
        if not isinstance(value, str) or not value.strip():
            raise SubmissionError(f"{where}: {field!r} should be there, and be a text that is not blank.")
        if has_no_utf8(value):
            raise SubmissionError(f"{where}: {field!r} holds half of a character (a lone surrogate); write it whole.")
        texts.append(value)
    return Pair(*texts)


def has_no_utf8(text: str) -> bool:
    """Tell whether a text holds half of a character (a lone surrogate), for which UTF-8 has no form."""
    return any("\ud800" <= character <= "\udfff" for character in text)
