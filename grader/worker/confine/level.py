"""Levels of confinement: what each is made of, and which is the best that works here, found out by trying."""

import os
from enum import StrEnum
from functools import cache

from grader.errors import HarnessError
from grader.results import SandboxInfo
from grader.worker.confine import landlock, mounts, namespaces, privileges, rlimits, seccomp, trial
from grader.worker.confine.bounds import Bounds, always_readable, always_usable


class Level(StrEnum):
    """Strongest first. `process` is for practice: it stops accidents, not anybody who means harm."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    PROCESS = "process"


_MECHANISMS = {
    Level.NAMESPACES: ["namespaces", "mounts", "landlock", "seccomp", "rlimits", "no_new_privs"],
    Level.LANDLOCK: ["landlock", "seccomp", "rlimits", "no_new_privs"],
    Level.PROCESS: ["rlimits", "no_new_privs"],
}

_ADVICE = {
    Level.NAMESPACES: (
        "; on Ubuntu 24.04 and GitHub's runners: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; "
        "in Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined; "
        "in a JupyterHub pod ask for a user namespace and an unmasked /proc"
    ),
}


def fork(level: Level) -> int:
    """Fork as os.fork does, into the namespaces that the level has. Raises OSError."""
    return namespaces.fork() if level is Level.NAMESPACES else os.fork()


def apply(level: Level, bounds: Bounds) -> None:
    """Confine this process, made by `fork`, for good. Raises OSError where the level does not work here."""
    if level is Level.NAMESPACES:
        mounts.isolate(bounds.readable, bounds.writable, bounds.usable)
    privileges.drop()
    rlimits.apply(bounds.limits, bounds.device)
    if level is not Level.PROCESS:
        landlock.apply(bounds.readable, bounds.writable, bounds.usable)
        seccomp.apply(bounds.device)


def choose_level(wanted: str) -> Level:
    """Return the level named, or for `best` the strongest: one that was put on in a child, and held what it promises.

    Raises HarnessError where the level named does not work here, ValueError for an unknown name.
    """
    if wanted == "best":
        return next(level for level in Level if reason_against(level) is None)
    if reason := reason_against(Level(wanted)):
        raise HarnessError(f"The level {wanted} of confinement does not work here: {reason}.")
    return Level(wanted)


def prepare(level: Level, device: str) -> None:
    """In the server, once: work out what is the same for every worker, so that none has to."""
    always_readable(device)
    always_usable(device)
    if level is not Level.PROCESS:
        seccomp.prepare(device)


@cache
def reason_against(level: Level) -> str | None:
    """Return why a level cannot be had here and how to get it, or None where it works."""
    if level is Level.PROCESS:
        return None
    if landlock.abi() < landlock.MINIMUM_ABI:
        return "Landlock is not offered: it needs Linux 6.2 or later with `landlock` among its security modules"
    if reason := seccomp.missing():
        return reason
    failure = trial.failure(lambda: fork(level), lambda: apply(level, Bounds.least()))
    return failure and f"{failure}{_ADVICE.get(level, '')}"


def sandbox_info(level: Level) -> SandboxInfo:
    """Return the record of a level for results: what it is made of, and what a better one would add."""
    better = list(Level)[: list(Level).index(level)]
    reasons = [f"{other}: {reason_against(other) or 'not asked for'}" for other in better]
    return SandboxInfo(level=level, mechanisms=_MECHANISMS[level], missing=reasons)
