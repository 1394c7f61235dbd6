"""Bands: from which value a measure earns all its points, and at which it earns none, for each model."""

import math
import tomllib
from pathlib import Path

import msgspec

from grader.errors import LabError
from grader.lab import Lab
from grader.training.models import ModelChoice


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Full points at `full` and beyond, none at `none`, in proportion between. Low is better where full < none."""

    full: float
    none: float

    def __post_init__(self) -> None:
        """Raise ValueError for a band without width."""
        if self.full == self.none or not math.isfinite(self.full - self.none):
            raise ValueError("a band's full and none must be two different numbers")

    def share(self, value: float) -> float:
        """Return the share (0 to 1) of its points that a value earns."""
        return min(1.0, max(0.0, (value - self.none) / (self.full - self.none)))

    def margin(self, value: float) -> float:
        """Return how far a value lies inside the full band (negative: short of it)."""
        return value - self.full if self.full > self.none else self.full - value


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model's bands by measure, and the seeds of the reference that they were set from."""

    model: str
    parameters_m: float
    seeds: list[int]
    bands: dict[str, Band]


def load_calibration(lab: Lab, choice: ModelChoice, parameters: int) -> tuple[Calibration, str]:
    """Return the bands for a model, and a note where they are another model's: the nearest in size.

    Raises LabError where the lab has none at all, or one is damaged.
    """
    folder = (lab.solutions or lab.folder) / "calibration"
    known = [_read(path) for path in sorted(folder.glob("*.toml"))]
    if not known:
        raise LabError(f"{folder} holds no bands; make them with: grader calibrate {lab.name} --model {choice.name}")
    for calibration in known:
        if choice.profile is not None and calibration.model == choice.name:
            return calibration, ""
    nearest = min(known, key=lambda one: abs(math.log(one.parameters_m * 1e6 / max(1, parameters))))
    return nearest, f"There are no bands for {choice.name} yet; these are {nearest.model}'s."


def _read(path: Path) -> Calibration:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Calibration)
    except (OSError, ValueError) as error:
        raise LabError(f"{path}: {error}.") from error
