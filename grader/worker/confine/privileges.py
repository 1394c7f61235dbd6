"""Privileges: whoever started us, root included, a worker holds no capability and can never gain one.

See capabilities(7) and the kernel's no_new_privs.rst.
"""

import ctypes

from grader.worker import kernel

_CAPABILITY_VERSION_3 = 0x2008_0522
_CAP_SETPCAP = 8


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop() -> None:
    """Give up all privileges for good. Raises OSError."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    if _effective() & (1 << _CAP_SETPCAP):
        for capability in range(_last_capability() + 1):
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    header = _Header(_CAPABILITY_VERSION_3, 0)
    kernel.capset(header, (_Sets * 2)())  # all zero: nothing is permitted


def _effective() -> int:
    with open("/proc/self/status") as status:  # noqa: PTH123
        line = next(line for line in status if line.startswith("CapEff:"))
    return int(line.split()[1], 16)


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as last:  # noqa: PTH123
        return int(last.read())
