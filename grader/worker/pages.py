"""Huge pages for what the warm server holds, so that a fork copies a few hundred entries and not a hundred thousand.

Linux copies and tears down a page table with every fork; with 350 MB of Python objects and 4 KiB pages that is most
of what a worker costs. See madvise(2), MADV_COLLAPSE (Linux 6.1); where the kernel has none, nothing changes but time.
"""

import ctypes
from collections.abc import Iterator
from pathlib import Path

_HUGE = 2**21
_MADV_COLLAPSE = 25


def collapse() -> None:
    """Put the private writable memory of this process into huge pages, as far as the kernel will."""
    libc = ctypes.CDLL(None)
    for start, end in _private_memory(Path("/proc/self/maps").read_text()):
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(_HUGE), _MADV_COLLAPSE)


def _private_memory(maps: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every mapping that is writable, private and of no file."""
    for line in maps.splitlines():
        addresses, permissions, _offset, _device, inode, *_name = line.split(maxsplit=5)
        if permissions.startswith("rw") and permissions.endswith("p") and inode == "0":
            start, end = addresses.split("-")
            yield int(start, 16), int(end, 16)
