"""`solutions/NAME/selftest.toml`: where a lab's samples lie, and which of them the fast selftest tries."""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from grader.errors import LabError
from grader.lab import Lab
from grader.selftest.records import KINDS, RIGHT
from grader.selftest.samples import REFERENCE, Samples

FILE = "selftest.toml"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`samples` is a folder of the project; `quick` holds patterns of names: `right/plain-loop`, `chaffs/*-eos`."""

    samples: str
    quick: list[str] = []


def load_plan(lab: Lab) -> tuple[Plan, Samples]:
    """Return a lab's plan and its samples. Raises LabError where the lab has none, or where the file is damaged."""
    if lab.solutions is None:
        raise LabError(f"{lab.name} has no solutions here, and a selftest needs the reference.")
    path = lab.solutions / FILE
    try:
        plan = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Plan)
    except FileNotFoundError as error:
        raise LabError(f'{path} is missing; it says where the samples lie: samples = "FOLDER".') from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise LabError(f"{path}: {error}.") from error
    folder = lab.folder.parents[1] / plan.samples
    if not folder.is_dir():
        raise LabError(f"{path}: samples = {plan.samples!r}: there is no folder {folder}.")
    return plan, Samples(folder, lab.solutions)


def choose_samples(plan: Plan, samples: Samples, kinds: list[str], patterns: list[str], *, fast: bool) -> list[str]:
    """Return the names of the samples to try: of these kinds, and matching one of the patterns where there are any.

    A pattern without a `/` is held against the name without its kind. Raises LabError where none is left.
    """
    names = [name for kind in KINDS if kind in (kinds or KINDS) for name in _names(samples, kind)]
    if fast:
        names = [name for name in names if _matches(name, plan.quick)]
    if patterns:
        names = [name for name in names if _matches(name, patterns)]
    if not names:
        raise LabError(f"No sample in {samples.folder} is meant by that.")
    return names


def _names(samples: Samples, kind: str) -> list[str]:
    """The lab's reference is the first of the right submissions."""
    return [*([REFERENCE] if kind == RIGHT else []), *samples.names(kind)]


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name if "/" in pattern else Path(name).name, pattern) for pattern in patterns)
