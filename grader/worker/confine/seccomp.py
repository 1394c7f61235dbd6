"""seccomp: the system calls that a Python program computing with numbers needs, and no others.

An allowlist, built with libseccomp (through pyseccomp), so that calls of later kernels are refused too. An unknown call
answers ENOSYS, on which the C library falls back to an older one; what an honest student might try answers EPERM.
Read beside seccomp_rule_add(3) and syscalls(2).
"""

import errno
import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyseccomp

_FILES = """
    read write readv writev pread64 pwrite64 preadv preadv2 pwritev pwritev2 open openat openat2 creat close close_range
    lseek _llseek stat fstat lstat stat64 fstat64 lstat64 newfstatat fstatat64 statx access faccessat faccessat2
    readlink readlinkat getdents getdents64 getcwd chdir fchdir rename renameat renameat2 mkdir mkdirat rmdir unlink
    unlinkat symlink symlinkat umask fsync fdatasync sync_file_range ftruncate fallocate fadvise64 readahead flock dup
    dup2 dup3 pipe pipe2 statfs fstatfs copy_file_range sendfile getxattr lgetxattr fgetxattr listxattr llistxattr
    flistxattr
"""
_WAITING = """
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
    timerfd_create timerfd_settime timerfd_gettime timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete setitimer getitimer alarm pause nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time
    futex futex_waitv restart_syscall
"""
_OPEN_SOCKETS = "sendto recvfrom sendmsg recvmsg shutdown getsockopt setsockopt getsockname getpeername"
_MEMORY = "mmap munmap mprotect mremap madvise brk msync mincore get_mempolicy mbind membarrier"
_SELF = """
    getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid getrlimit
    getrusage getpriority sysinfo uname times getcpu capget arch_prctl set_tid_address set_robust_list rseq getrandom
    sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack exit exit_group
"""
_ALLOWED = (_FILES, _WAITING, _OPEN_SOCKETS, _MEMORY, _SELF)

# Answered "done" without being done: honest copies of files end with them, and nobody else's file can be changed so.
_PRETENDED = "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat"
# shutil.copy2 takes this answer for a file system without extended attributes.
_UNSUPPORTED = "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr"
_REFUSED = """
    socket connect bind listen accept accept4 fork vfork execve execveat ptrace link linkat truncate setsid setpgid
    setuid setgid mount unshare setns chroot
"""

_UNKNOWN = -1
_CLONE_THREAD = 0x0001_0000
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE_MASK = 1, 1, 0xF
# Duplicates, flags, locks. Not F_SETLEASE, which stalls others who open the file, nor F_SETOWN, which has signals sent.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032, 1034)
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. Not FIOSETOWN and its like, nor TIOCSTI.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_IOCTL_TYPE_MASK = 0xFF00
_NVIDIA_IOCTL_TYPES = (0x4600, 0x0000)
# Names of threads and memory, huge pages, timer slack, and questions. Not PR_SET_PDEATHSIG: it dies with its server.
_PRCTL = (3, 15, 16, 21, 23, 30, 39, 41, 42, 0x53564D41)


def missing() -> str | None:
    """Return why there is no seccomp here, or None."""
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return f"libseccomp cannot be loaded ({error}); install the system's libseccomp2 and pyseccomp"
    return None


def apply(device: str) -> None:
    """Confine this process and all it will ever start. Needs no_new_privs and a single thread. Raises OSError."""
    import pyseccomp as seccomp

    rules = prepare(device)
    for name in ("kill", "tgkill", "prlimit64"):
        rules.add_rule(seccomp.ALLOW, name, seccomp.Arg(0, seccomp.EQ, os.getpid()))
    rules.load()


@cache
def prepare(device: str) -> "pyseccomp.SyscallFilter":
    """Return all rules but those that name the process. Kept: the server makes them, and each worker inherits them."""
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    arg, equal, masked = seccomp.Arg, seccomp.EQ, seccomp.MASKED_EQ

    def answer(action: object, names: str, *conditions: object) -> None:
        for name in names.split():
            # One that this libseccomp does not know stays refused.
            if seccomp.resolve_syscall(seccomp.system_arch(), name) != _UNKNOWN:
                rules.add_rule(action, name, *conditions)

    answer(seccomp.ALLOW, " ".join(_ALLOWED))
    answer(seccomp.ERRNO(errno.EPERM), _REFUSED)
    answer(seccomp.ERRNO(errno.EOPNOTSUPP), _UNSUPPORTED)
    answer(seccomp.ERRNO(0), _PRETENDED)
    # The same for copying times; without times it is a `touch`, which must fail for a file that is not there.
    answer(seccomp.ERRNO(0), "utimensat", arg(2, seccomp.NE, 0))
    answer(seccomp.ALLOW, "clone", arg(0, masked, _CLONE_THREAD, _CLONE_THREAD))
    # A datagram pair could still be sent to any socket by its address; a stream pair cannot.
    answer(seccomp.ALLOW, "socketpair", arg(0, equal, _AF_UNIX), arg(1, masked, _SOCK_TYPE_MASK, _SOCK_STREAM))
    for name, place, values in (
        ("fcntl", 1, _FCNTL),
        ("ioctl", 1, _IOCTL),
        ("prctl", 0, _PRCTL),
        ("prlimit64", 0, (0,)),
    ):
        for value in values:
            answer(seccomp.ALLOW, name, arg(place, equal, value))
    for kind in _NVIDIA_IOCTL_TYPES if device == "cuda" else ():
        answer(seccomp.ALLOW, "ioctl", arg(1, masked, _IOCTL_TYPE_MASK, kind))
    return rules
