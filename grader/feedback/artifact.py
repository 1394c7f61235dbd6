"""The artifact of a pull request's run, read as what it is: bytes that its author may have chosen one by one."""

import io
import re
import zipfile

import msgspec

from grader.errors import SubmissionError
from grader.results import SCHEMA, Result, decode

LARGEST = 8 << 20  # bytes of the zip
LARGEST_RESULT = 2 << 20
MOST_LABS = 10
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}/result\.json")


def read_artifact(content: bytes) -> list[Result]:
    """Return the results in an artifact's zip, by lab. Nothing else in it is opened, and nothing is unpacked to disk.

    Raises SubmissionError for whatever `grader feedback grade` would not have written.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = sorted({name for name in archive.namelist() if _NAME.fullmatch(name)})[:MOST_LABS]
            return [_read(archive, name) for name in names]
    except SubmissionError:
        raise
    except (
        Exception
    ) as error:  # zipfile raises a dozen kinds on hostile bytes, struct.error and RecursionError among them
        raise SubmissionError(f"The artifact is no zip that can be read ({type(error).__name__}).") from error


def _read(archive: zipfile.ZipFile, name: str) -> Result:
    with archive.open(name) as stream:
        content = stream.read(LARGEST_RESULT + 1)
    if len(content) > LARGEST_RESULT:
        raise SubmissionError(f"{name} is over 2 MiB.")
    try:
        result = decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise SubmissionError(f"{name} is no result of this grader.") from error
    if result.schema != SCHEMA:
        raise SubmissionError(f"{name} is of another schema than {SCHEMA}.")
    return result
