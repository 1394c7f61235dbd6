"""Namespaces: a process alone in its own user, PID, mount, network, IPC and UTS namespaces.

Read beside namespaces(7), user_namespaces(7) and pid_namespaces(7). It has no privilege outside, sees no process but
itself, and has no network interface that is up.
"""

import os
import select
import socket
import struct
from pathlib import Path

from grader.worker import kernel

_NEWNS, _NEWUTS, _NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
_NEWUSER, _NEWPID, _NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
_NOBODY = 65534
_PID = struct.Struct("i")


def fork() -> int:
    """Fork as os.fork does; the child is the first process of its own namespaces. Raises OSError.

    A process enters a PID namespace only by being born in it, so that two forks are needed: the one between makes the
    namespaces and goes, and its child becomes ours. Needs a single thread.
    """
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    answer, telling = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(answer)
        _make_and_fork(telling)
        return 0
    os.close(telling)
    told = os.read(answer, _PID.size)
    os.close(answer)
    os.waitpid(between, 0)
    if len(told) < _PID.size:
        raise OSError("no namespaces can be made here")
    return int(_PID.unpack(told)[0])


def _make_and_fork(telling: int) -> None:
    """Return in the child, once the process between is gone: from then on its parent is the right one."""
    try:
        between = os.pidfd_open(os.getpid())
        _unshare()
        pid = os.fork()
    except OSError:
        os._exit(1)
    if pid:
        os.write(telling, _PID.pack(pid))
        os._exit(0)
    os.close(telling)
    select.select([between], [], [])
    os.close(between)


def _unshare() -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(_NEWUSER | _NEWPID | _NEWNS | _NEWNET | _NEWIPC | _NEWUTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1")
    socket.sethostname("worker")
