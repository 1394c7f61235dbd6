"""Confinement: one file a mechanism, put together into levels. See docs/decisions/ for the choices."""

from grader.worker.confine.bounds import Bounds
from grader.worker.confine.level import Level, apply, choose_level, fork, prepare, reason_against, sandbox_info

__all__ = ["Bounds", "Level", "apply", "choose_level", "fork", "prepare", "reason_against", "sandbox_info"]
