"""Sample submissions, put together: a small one is a patch over another one, and says what it must get.

A folder of samples holds one folder for each kind: `right` (full marks), `chaffs` (the lab's reference with one
mistake), `wrong` (broken as a whole) and `hostile`; `demo` is known too, as a base. A sample is a folder with a whole
submission, a folder with a PATCH.toml and the files laid over its base, or a file NAME.toml, which is a patch alone.
What a patch may hold is written at its fields below.
"""

import hashlib
import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.errors import LabError

PATCH = "PATCH.toml"
REFERENCE = "reference"
# What lies beside the reference and is no part of it.
_BESIDE = ("tests", "heldout", "calibration", "selftest.toml")


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of a file of the base, once in it, and what stands there instead."""

    file: str
    old: str
    new: str


class Patch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a sample differs from its base, what that is in words, and what must come of it.

    `base` is another sample (`right/plain-loop`) or the lab's reference. `remove` names files of the base that are
    missing, `append` gives text to put at their end and `repeat` text and how often; `links` and `fifos` are put in the
    place of files.
    """

    base: str = REFERENCE
    remove: list[str] = []
    append: dict[str, str] = {}
    change: list[Change] = []
    repeat: dict[str, tuple[str, int]] = {}
    links: dict[str, str] = {}
    fifos: list[str] = []

    way: str = ""  # of a right one: in which way of its own it is right
    wrong: str = ""  # of a wrong one and a chaff: the mistake
    must: str = ""  # of a wrong and a hostile one: what must happen, in words
    check: str = ""  # of a chaff: the check or measure that must not pass
    hint: str = ""  # of a chaff: words of the first thing that the student is told; of a wrong one: of anything told
    loses: list[str] = []  # of a wrong one: how the ids of all checks begin that may lose points

    attack: str = ""  # of a hostile one: the row of the threat model
    tries: str = ""  # what it attempts
    ordinary: str = ""  # what an ordinary grader would make of it
    touches: list[str] = []  # tasks and checks that the attack may change; `run` is the judged training run
    earns: list[str] = []  # checks that its honest part earns and the base does not
    keeps: list[str] | None = None  # the only ones that it keeps of what the base earns; None: it may keep all
    refused: bool = False  # whether intake refuses the whole submission


@dataclass(frozen=True)
class Samples:
    """The samples in a folder. `reference` is the folder of the lab's reference, for patches over it."""

    folder: Path
    reference: Path | None = None

    def names(self, kind: str) -> list[str]:
        """Return the samples of a kind, as `kind/name`; none where the kind has no folder."""
        folder = self.folder / kind
        found = folder.iterdir() if folder.is_dir() else []
        return sorted(f"{kind}/{path.stem}" for path in found if path.is_dir() or path.suffix == ".toml")

    def read(self, name: str) -> Patch | None:
        """Return a sample's patch, or None for a whole submission. Raises LabError for a damaged one."""
        path = next((path for path in self._patches(name) if path.is_file()), None)
        if path is None:
            return None
        try:
            return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Patch)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise LabError(f"{path}: {error}.") from error

    def build(self, name: str, dest: Path) -> Path:
        """Write the whole submission `name` into the new folder `dest` and return it.

        Raises LabError where there is no such sample, or where its base has moved on from under it.
        """
        patch = None if name == REFERENCE else self.read(name)
        if patch is None:
            return _copy(self._whole(name), dest, _BESIDE if name == REFERENCE else ())
        self.build(patch.base, dest)
        try:
            _edit(patch, dest)
            if (self.folder / name).is_dir():
                _copy(self.folder / name, dest)
                (dest / PATCH).unlink()
            _make_special(patch, dest)
        except (OSError, ValueError) as error:
            raise LabError(f"The sample {name} does not fit its base {patch.base}: {error}.") from error
        return dest

    def digest(self, name: str) -> str:
        """Return a hash of all that a sample is made from: its own files and those of its bases."""
        patch = None if name == REFERENCE else self.read(name)
        places = [self._whole(name)] if patch is None else [path for path in self._places(name) if path.exists()]
        files = sorted(path for place in places for path in (place.rglob("*") if place.is_dir() else [place]))
        found = hashlib.sha256(self.digest(patch.base).encode() if patch else b"")
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()};".encode())
        return found.hexdigest()

    def _places(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.toml", self.folder / name

    def _patches(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.toml", self.folder / name / PATCH

    def _whole(self, name: str) -> Path:
        folder = self.reference if name == REFERENCE else self.folder / name
        if folder is None or not folder.is_dir():
            raise LabError(f"There is no sample {name} in {self.folder}.")
        return folder


def apply(change: Change, folder: Path) -> None:
    """Change a file in place. Raises ValueError where the piece to change is not there once: the base has moved on."""
    path = folder / change.file
    text = path.read_text(encoding="utf-8")
    if text.count(change.old) != 1:
        raise ValueError(
            f"{change.file}: {change.old!r} is there {text.count(change.old)} times, and must be there once"
        )
    path.write_text(text.replace(change.old, change.new), encoding="utf-8")


def _edit(patch: Patch, dest: Path) -> None:
    for file in patch.remove:
        (dest / file).unlink()
    for file, text in patch.append.items():
        with (dest / file).open("a", encoding="utf-8") as stream:
            stream.write(text)
    for file, (text, times) in patch.repeat.items():
        with (dest / file).open("a", encoding="utf-8") as stream:
            stream.write(text * times)
    for change in patch.change:
        apply(change, dest)


def _make_special(patch: Patch, dest: Path) -> None:
    """Make what a version control system cannot hold, or should not."""
    for file in (*patch.links, *patch.fifos):
        (dest / file).unlink(missing_ok=True)
    for file, target in patch.links.items():
        (dest / file).symlink_to(target)
    for file in patch.fifos:
        os.mkfifo(dest / file)


def _copy(source: Path, dest: Path, without: tuple[str, ...] = ()) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", *without)
    return shutil.copytree(source, dest, ignore=ignored, dirs_exist_ok=True)
