"""How a hand-in arrives in the folder of a class: by itself, or as one of three platforms names it in its download.

Each form takes a folder of files, the class's folder, and whose it is; it returns the id and the name that the result
must have, as grader/intake/ makes them from what the form tells.
"""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

EXPORT = "assignment_7_export"  # Gradescope's folder around its part of the class
ENTRY = """submission_{number}:
  :submitters:
  - :name: {name}
    :sid: '{number}'
    :email: student{number}@example.edu
  :created_at: 2026-11-20 10:00:00.000000000 Z
"""


class Owner(NamedTuple):
    """A student. Names come again and again in a large class; the number tells them apart."""

    given: str
    family: str
    number: int

    @property
    def unique(self) -> str:
        """A name that nobody else has."""
        return f"{self.given} {self.family} {self.number}"


class Arrived(NamedTuple):
    """Under which id a result must come, and the name in it."""

    id: str
    name: str


Form = Callable[[Path, Path, Owner], Arrived]


def as_folder(files: Path, group: Path, owner: Owner) -> Arrived:
    """A folder under the student's name."""
    files.rename(group / owner.unique)
    return _named(owner)


def as_zip(files: Path, group: Path, owner: Owner) -> Arrived:
    """A zip under the student's name, of the folder around the files."""
    _zip(files, group / f"{owner.unique}.zip", "week07/")
    return _named(owner)


def as_tar(files: Path, group: Path, owner: Owner) -> Arrived:
    """A compressed tar under the student's name, of a whole checkout."""
    with tarfile.open(group / f"{owner.unique}.tar.gz", "w:gz") as archive:
        archive.add(files, "labs/week07")
    return _named(owner)


def as_moodle(files: Path, group: Path, owner: Owner) -> Arrived:
    """A folder as Moodle names it, with the one zip in it that the student uploaded."""
    name = f"{owner.given} {owner.family}"
    folder = group / f"{name}_{owner.number}_assignsubmission_file"
    folder.mkdir()
    _zip(files, folder / "my work.zip", "my work/")
    return Arrived(_slug(owner.unique), name)


def as_canvas(files: Path, group: Path, owner: Owner) -> Arrived:
    """A zip among everybody's, as Canvas names it."""
    name = f"{owner.family}{owner.given}".lower()
    _zip(files, group / f"{name}_{owner.number}_{70000 + owner.number}_week07.zip", "")
    return Arrived(f"{name}-{owner.number}", name)


def as_gradescope(files: Path, group: Path, owner: Owner) -> Arrived:
    """A folder in Gradescope's export, with an entry in its list."""
    export = group / EXPORT
    export.mkdir(exist_ok=True)
    files.rename(export / f"submission_{owner.number}")
    with (export / "submission_metadata.yml").open("a", encoding="utf-8") as entries:
        entries.write(ENTRY.format(number=owner.number, name=owner.unique))
    return _named(owner)


def as_half_a_zip(files: Path, group: Path, owner: Owner) -> Arrived:
    """A zip whose upload broke off."""
    _zip(files, group / f"{owner.unique}.zip", "")
    content = (group / f"{owner.unique}.zip").read_bytes()
    (group / f"{owner.unique}.zip").write_bytes(content[: len(content) // 2])
    return _named(owner)


def as_text_named_zip(files: Path, group: Path, owner: Owner) -> Arrived:
    """A note in place of an archive."""
    (group / f"{owner.unique}.zip").write_text("My dog ate it.\n", encoding="utf-8")
    return _named(owner)


def as_essay(files: Path, group: Path, owner: Owner) -> Arrived:
    """Work for another course."""
    (group / owner.unique).mkdir()
    (group / owner.unique / "essay.txt").write_text("On the melancholy of models.\n", encoding="utf-8")
    return _named(owner)


WHOLE: dict[str, Form] = {
    "folder": as_folder,
    "zip": as_zip,
    "tar": as_tar,
    "moodle": as_moodle,
    "canvas": as_canvas,
    "gradescope": as_gradescope,
}
BROKEN: dict[str, Form] = {
    "broken/half-a-zip": as_half_a_zip,
    "broken/text-named-zip": as_text_named_zip,
    "broken/essay": as_essay,
}


def _named(owner: Owner) -> Arrived:
    return Arrived(_slug(owner.unique), owner.unique)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _zip(files: Path, target: Path, around: str) -> None:
    with ZipFile(target, "w") as archive:
        for path in sorted(files.rglob("*")):
            if path.is_file():
                archive.write(path, around + path.relative_to(files).as_posix())
