"""Mounts: a root folder of its own that holds the named files and folders, at their usual paths, and nothing else.

Read beside mount_namespaces(7), mount_setattr(2) and pivot_root(2). Needs a mount namespace and the rights in it.
"""

import ctypes
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.worker import kernel

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442  # the same on every architecture
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH = 4
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8  # the same for mount(2) and mount_setattr(2)
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18
_PROC = Path("/proc")
_PLACE = "/usr"  # where the new root is put together, in a mount namespace of our own; any folder would do
_ROOT_OPTIONS = "size=1m,nr_inodes=2000,mode=755"  # names and links alone: what they lead to is mounted


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class _Tree:
    """A copy of what is mounted at a path and below it, held by a descriptor."""

    descriptor: int
    path: Path
    real: Path
    is_folder: bool


def isolate(readable: Iterable[Path], writable: Iterable[Path], usable: Iterable[Path]) -> None:
    """Leave everything but the named paths and an own /proc behind, for good. Raises OSError."""
    kernel.mount("none", "/", "", _MS_REC | _MS_PRIVATE, "")
    trees = [
        *(_copy(path, _RDONLY | _NOSUID | _attributes_of(path)) for path in _outermost(readable)),
        *(_copy(path, _NOSUID | _NODEV | _NOEXEC) for path in writable),
        *(_copy(path, _NOSUID | _NOEXEC) for path in usable),
    ]
    kernel.mount("proc", str(_PROC), "proc", _NOSUID | _NODEV | _NOEXEC, "")
    trees.append(_copy(_PROC, _NOSUID | _NODEV | _NOEXEC))
    kernel.mount("root", _PLACE, "tmpfs", _NOSUID | _NODEV | _NOEXEC, _ROOT_OPTIONS)
    for tree in trees:
        _put(tree, Path(_PLACE))
    _set_attributes(_AT_FDCWD, _PLACE, _RDONLY, 0)
    _pivot(_PLACE)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Leave out /proc, which is made anew, and what lies in a folder that is there anyhow."""
    kept: list[Path] = []
    for path in sorted(paths, key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in (_PROC, *kept)):
            kept.append(path)
    return kept


def _attributes_of(path: Path) -> int:
    return _NOEXEC if path.is_relative_to("/dev") else _NODEV


def _copy(path: Path, attributes: int) -> _Tree:
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_RECURSIVE
    descriptor = kernel.syscall(_OPEN_TREE, _AT_FDCWD, _text(path), flags)
    _set_attributes(descriptor, "", attributes, _AT_EMPTY_PATH | _AT_RECURSIVE)
    return _Tree(descriptor, path, path.resolve(), path.is_dir())


def _set_attributes(descriptor: int, path: str, attributes: int, flags: int) -> None:
    wanted = _MountAttr(attributes, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    kernel.syscall(_MOUNT_SETATTR, descriptor, _text(path), flags, ctypes.byref(wanted), size)


def _put(tree: _Tree, root: Path) -> None:
    """Mount a tree under the new root at its real path; a path through links is a link to that."""
    target = root / tree.real.relative_to("/")
    if tree.is_folder:
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    kernel.syscall(_MOVE_MOUNT, tree.descriptor, _text(""), _AT_FDCWD, _text(target), _MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree.descriptor)
    link = root / tree.path.relative_to("/")
    if not os.path.lexists(link):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(tree.real)


def _pivot(root: str) -> None:
    """Make `root` the root folder, and let go of the old one."""
    os.chdir(root)
    kernel.syscall(_PIVOT_ROOT[platform.machine()], _text("."), _text("."))
    kernel.detach(".")
    os.chdir("/")


def _text(path: Path | str) -> ctypes.c_char_p:
    return ctypes.c_char_p(str(path).encode())
