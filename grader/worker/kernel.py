"""Linux calls that Python 3.11 does not wrap, through ctypes: prctl, unshare, mount, umount2, capset, syscall."""

import ctypes
import os
import select
import signal
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
_MNT_DETACH = 2


def prctl(option: int, *arguments: int) -> int:
    """Call prctl(2). Raises OSError."""
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *padded))


def syscall(number: int, *arguments: object) -> int:
    """Call syscall(2) with integers and ctypes values. Raises OSError."""
    plain = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *plain))


def die_with(parent: int) -> None:
    """In a forked child: be killed when the parent is, whose pidfd this is. Raises OSError."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([parent], [], [], 0)[0]:  # it died before the line above
        os._exit(1)


def unshare(namespaces: int) -> None:
    """Call unshare(2). Raises OSError."""
    _checked(_libc.unshare(ctypes.c_int(namespaces)))


def mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    """Call mount(2). Raises OSError."""
    names = [text.encode() for text in (source, target, kind)]
    _checked(_libc.mount(*names, ctypes.c_ulong(flags), options.encode()))


def detach(target: str) -> None:
    """Call umount2(2) with MNT_DETACH: gone from sight at once. Raises OSError."""
    _checked(_libc.umount2(target.encode(), _MNT_DETACH))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def capset(header: ctypes.Structure, sets: "ctypes.Array[Any]") -> None:
    """Call capset(2), whose number differs between architectures. Raises OSError."""
    _checked(_libc.capset(ctypes.byref(header), sets))
