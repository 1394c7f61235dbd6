"""`OUT/.journal`: one lock, what a resumed batch goes on with, the roll, and of each submission what was found out."""

import fcntl
import os
from pathlib import Path
from typing import TypeVar

import msgspec

from grader.batch.books import Absences
from grader.batch.records import Record, read_record, write_record
from grader.errors import UsageError
from grader.results import write_atomically
from grader.similarity.fingerprints import Prints

FOLDER = ".journal"
Kind = TypeVar("Kind")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch was begun with. `model` is the one that was taken, and `why` the sentence that says so."""

    lab: str
    title: str
    seed: int
    model: str = ""
    device: str = ""
    why: str = ""
    pages: str = ""
    language: str = "en"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the roll: a submission of the last run, with the sentence of what kept it from being graded.

    `counts` tells the attempt that counts from a student's others.
    """

    id: str
    student: str
    attempt: int
    counts: bool = True
    refused: str = ""
    fault: str = ""


class Journal:
    """The journal in an output folder, locked for as long as it is open: one batch at a time."""

    def __init__(self, out: Path) -> None:
        """Open and lock. Raises UsageError where another batch has it, or the folder cannot be written."""
        self.folder = out / FOLDER
        try:
            (self.folder / "records").mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UsageError(
                f"{out} cannot be written ({error.strerror}); choose another folder with --out."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise UsageError(f"Another batch is writing to {out}; wait for it, or choose another --out.") from error
        _remove_unfinished(out)

    def close(self) -> None:
        """Let the next batch in."""
        os.close(self._lock)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, id: str) -> Record:
        """Return a submission's record, an empty one where nothing is kept."""
        return read_record(self._record(id))

    def write(self, id: str, record: Record) -> None:
        """Keep a submission's record."""
        write_record(self._record(id), record)

    def read_prints(self, id: str) -> Prints | None:
        """Return the fingerprints of a submission's code, or None where none are kept."""
        return _read(self._prints(id), Prints)

    def write_prints(self, id: str, prints: Prints) -> None:
        """Keep the fingerprints of a submission's code."""
        write_atomically(self._prints(id), msgspec.json.encode(prints))

    def read_settings(self) -> Settings | None:
        """Return the settings of the last run, or None where there was none."""
        return _read(self.folder / "settings.json", Settings)

    def begin(self, settings: Settings) -> None:
        """Keep the settings of a run that begins; the roll of the last one is no longer true."""
        (self.folder / "roll.json").unlink(missing_ok=True)
        write_atomically(self.folder / "settings.json", msgspec.json.encode(settings))

    def read_roll(self) -> list[Member] | None:
        """Return the roll of the last run that came to its end, or None where none has."""
        return _read(self.folder / "roll.json", list[Member])

    def read_absences(self) -> Absences:
        """Return how the roster and the class of the last run did not fit; nothing where there was no roster."""
        return _read(self.folder / "absences.json", Absences) or Absences()

    def finish(self, settings: Settings, roll: list[Member], absences: Absences) -> None:
        """Keep the settings, the roll, and whom the roster did not fit, of a run that came to its end."""
        write_atomically(self.folder / "settings.json", msgspec.json.encode(settings))
        write_atomically(self.folder / "absences.json", msgspec.json.encode(absences))
        write_atomically(self.folder / "roll.json", msgspec.json.encode(roll))

    def _record(self, id: str) -> Path:
        return self.folder / "records" / f"{id}.json"

    def _prints(self, id: str) -> Path:
        return self.folder / "fingerprints" / f"{id}.json"


def _remove_unfinished(out: Path) -> None:
    """Remove the files that a killed batch had not renamed yet (results.write_atomically)."""
    for folder in (".", "*", f"{FOLDER}/records", f"{FOLDER}/fingerprints"):
        for kind in ("json", "html"):
            for path in out.glob(f"{folder}/.*.{kind}.????????"):
                path.unlink(missing_ok=True)


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind, strict=True)
    except (OSError, msgspec.MsgspecError):
        return None
