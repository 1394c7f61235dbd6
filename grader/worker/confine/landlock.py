"""Landlock: a process gives up, for good, all files but those under named folders, TCP, and signals to others.

Read beside https://docs.kernel.org/userspace-api/landlock.html; names and numbers are those of linux/landlock.h. Opened
descriptors stay usable. Not covered, and left to seccomp: chmod, chown, utime; stat tells that a file exists.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from grader.worker import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
NET_BIND_TCP, NET_CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_UNIX_SOCKET, SCOPE_SIGNAL = 1 << 0, 1 << 1

_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_READ = READ_FILE | READ_DIR
_WRITE = (
    _READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER
)  # no EXECUTE, no FIFOs, sockets or devices
_USE = READ_FILE | WRITE_FILE | IOCTL_DEV

MINIMUM_ABI = 3
"""Linux 6.2: before it, a file that may not be written can still be cut to nothing."""


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """Return the version of Landlock that this kernel offers, 0 where there is none."""
    try:
        return kernel.syscall(_CREATE_RULESET, ctypes.c_void_p(None), ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    except OSError:
        return 0


def apply(readable: Iterable[Path], writable: Iterable[Path], usable: Iterable[Path]) -> None:
    """Confine this process and all it will ever start. Needs no_new_privs and a single thread. Raises OSError."""
    version = abi()
    handled = _handled(version)
    attr = _RulesetAttr(
        handled,
        NET_BIND_TCP | NET_CONNECT_TCP if version >= 4 else 0,
        SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL if version >= 6 else 0,
    )
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(ctypes.sizeof(attr)), 0)
    for paths, access in ((readable, _READ), (writable, _WRITE), (usable, _USE)):
        for path in paths:
            _allow(ruleset, path, access & handled)
    kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _handled(version: int) -> int:
    rights = (1 << 13) - 1
    for right, since in ((REFER, 2), (TRUNCATE, 3), (IOCTL_DEV, 5)):
        rights |= right if version >= since else 0
    return rights


def _allow(ruleset: int, path: Path, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = _PathBeneathAttr(access if path.is_dir() else access & _ON_FILES, descriptor)
    kernel.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    if not path.is_relative_to("/proc"):
        # Those of /proc stay open: else, under memory pressure, the kernel makes the entry anew and the rule is lost.
        os.close(descriptor)
