"""What a class's folder holds, or a bulk zip as a platform gives it: named items, each a file or folder on disk.

In a bulk zip only the first part of a name is the platform's; the rest is a student's. So nothing is unpacked under
its own name: each item is packed again by itself, with its members' names as they were, and opening that small archive
refuses what is hostile in it, for this one student.
"""

import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.errors import SubmissionError, UsageError
from grader.intake.capped import CHUNK, damage_is_refused
from grader.intake.folder import open_beneath
from grader.intake.names import is_junk, is_model
from grader.intake.snapshot import failure_is_ours
from grader.intake.source import CAPS

ENCRYPTED = 0x1
UTF8_NAME = 0x800
UNIX = 3
ALWAYS = 4 << 20  # bytes that a file may unpack to, however small it is packed


@dataclass(frozen=True)
class Item:
    """One submission, or a part of one, or a list that a platform adds. `name` is the platform's."""

    name: str
    path: Path
    folder: bool


def list_folder(folder: Path) -> list[Item]:
    """List a folder's items by name; hidden ones and by-products are left out."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); name a folder of submissions.") from error
    return [Item(path.name, path, path.is_dir()) for path in paths if not _is_ours((path.name,))]


def unpack_bulk(archive: Path, workspace: Path, is_item: Callable[[str], bool]) -> tuple[str, list[Item]]:
    """Take a zip of many submissions apart into `workspace`; return the name of the folder around them, and the items.

    `is_item` tells whether a name is an item's by itself, so that it is not mistaken for a folder around all of them.
    Raises UsageError for a file that is no zip, and SubmissionError for a damaged or encrypted one.
    """
    if not zipfile.is_zipfile(archive):
        raise UsageError(f"{archive}: not a folder and not a zip; unpack it, and name the folder of submissions.")
    with damage_is_refused(), zipfile.ZipFile(archive) as bulk:
        members = {member: _parts(member) for member in bulk.infolist() if not member.is_dir()}
        members = {member: parts for member, parts in members.items() if parts and not _is_ours(parts)}
        if any(member.flag_bits & ENCRYPTED for member in members):
            raise UsageError(f"{archive}: is encrypted; unpack it, and name the folder of submissions.")
        around = _folder_around(list(members.values()), is_item)
        groups: dict[str, list[tuple[zipfile.ZipInfo, tuple[str, ...]]]] = {}
        for member, parts in members.items():
            own = parts[1:] if around else parts
            groups.setdefault(own[0], []).append((member, own[1:]))
        unpacked = [
            _unpack(bulk, name, group, workspace / f"item-{place}")
            for place, (name, group) in enumerate(sorted(groups.items()))
        ]
    return around or archive.stem, unpacked


def pack_files(files: Mapping[str, Path], target: Path) -> Path:
    """Pack files that belong to one submission into a zip, under the names that the student gave them.

    A link or a special file is not followed; it is packed as a link, for which the submission is refused later.
    """
    with _packing(target) as packed:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(name)
            try:
                with open_beneath(path.parent, (path.name,)) as stream:
                    _copy_member(stream, packed, info, CAPS.total_bytes)
            except SubmissionError:
                _mark_link(packed, info)
    return target


def _unpack(
    bulk: zipfile.ZipFile, name: str, group: list[tuple[zipfile.ZipInfo, tuple[str, ...]]], target: Path
) -> Item:
    """Unpack a single file as it is, capped; pack a folder's members again. Weights are never read."""
    alone = [member for member, inner in group if not inner]
    if alone:
        with bulk.open(alone[0]) as stream, failure_is_ours():
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as copy:
                _copy(stream, copy, min(CAPS.unpacked_bytes, max(ALWAYS, CAPS.ratio * alone[0].compress_size)))
        return Item(name, target, folder=False)
    left = CAPS.total_bytes
    with _packing(target) as packed:
        for member, inner in group:
            info = zipfile.ZipInfo("/".join(inner))
            info.create_system, info.external_attr = member.create_system, member.external_attr
            limit = 0 if is_model(inner) else min(CAPS.file_bytes, left)
            with bulk.open(member) as stream:
                left = max(0, left - _copy_member(stream, packed, info, limit))
    return Item(name, target, folder=True)


@contextmanager
def _packing(target: Path) -> Iterator[zipfile.ZipFile]:
    with failure_is_ours():
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            yield packed


def _copy_member(stream: IO[bytes], packed: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> int:
    info.compress_type = zipfile.ZIP_DEFLATED
    with packed.open(info, "w") as copy:
        return _copy(stream, copy, limit)


def _copy(stream: IO[bytes], copy: IO[bytes], limit: int) -> int:
    """Copy at most one block over the limit, enough for the submission's own caps to refuse it; return the bytes."""
    copied = 0
    while copied <= limit and limit and (block := stream.read(CHUNK)):
        copy.write(block)
        copied += len(block)
    return copied


def _mark_link(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = UNIX, (stat.S_IFLNK | 0o777) << 16
    packed.writestr(info, b"")


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return a member's name in parts. macOS writes UTF-8 without saying so; what is neither stays as it reads."""
    name = member.orig_filename
    if not member.flag_bits & UTF8_NAME:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in {"", "."})


def _folder_around(members: list[tuple[str, ...]], is_item: Callable[[str], bool]) -> str | None:
    """Return the one folder that all members lie in, unless it is a submission itself."""
    first = {parts[0] for parts in members}
    if len(first) != 1 or any(len(parts) < 2 for parts in members):
        return None
    name = first.pop()
    holds_code = any(len(parts) == 2 and parts[1].endswith(".py") for parts in members)
    return None if holds_code or is_item(name) else name


def _is_ours(parts: tuple[str, ...]) -> bool:
    return is_junk(parts) or parts[0].startswith(".")
