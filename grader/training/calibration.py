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


class Odds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Errors counted over the runs that bands were set from; `at_most` are the upper ends of 95 % intervals."""

    right_runs: int
    right_lost: int
    right_lost_once_at_most: float
    right_lost_twice_at_most: float
    wrong_runs: int
    wrong_passed: int
    wrong_passed_at_most: float

    def in_words(self) -> str:
        """Return the odds as two sentences."""
        return (
            f"Of {self.right_runs} runs of right submissions {self.right_lost} lost a point (95 % interval up to "
            f"{self.right_lost_once_at_most:.2%}; {self.right_lost_twice_at_most:.3%} twice in a row, as a narrow run "
            f"is repeated). Of {self.wrong_runs} runs of wrong ones {self.wrong_passed} lost none "
            f"(up to {self.wrong_passed_at_most:.1%} of single runs; a narrow one of theirs is repeated too)."
        )


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model's bands by measure on one device, and the seeds of the right submissions they were set from."""

    model: str
    parameters_m: float
    seeds: list[int]
    bands: dict[str, Band]
    device: str = "cpu"
    odds: Odds | None = None


def calibration_name(choice: ModelChoice) -> str:
    """Return what a model's files are called: the CPU and CUDA round otherwise and are calibrated apart."""
    return choice.name if choice.device == "cpu" else f"{choice.name}-{choice.device}"


def load_calibration(lab: Lab, choice: ModelChoice, parameters: int) -> tuple[Calibration, str]:
    """Return the bands for a model, and a note where they are another device's or another model's.

    Of other models the nearest in size is taken. Raises LabError where the lab has none at all, or one is damaged.
    """
    folder = (lab.solutions or lab.folder) / "calibration"
    known = [_read(path) for path in sorted(folder.glob("*.toml"))]
    if not known:
        raise LabError(f"{folder} holds no bands; make them with: grader calibrate {lab.name} --model {choice.name}")
    own = [each for each in known if choice.profile is not None and each.model == choice.name]
    for calibration in own:
        if calibration.device == choice.device:
            return calibration, ""
    if own:
        return own[0], f"There are no bands for {choice.name} on {choice.device} yet; these are the {own[0].device}'s."
    nearest = min(known, key=lambda one: abs(math.log(one.parameters_m * 1e6 / max(1, parameters))))
    return nearest, f"There are no bands for {choice.name} yet; these are {nearest.model}'s."


def _read(path: Path) -> Calibration:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Calibration)
    except (OSError, ValueError) as error:
        raise LabError(f"{path}: {error}.") from error
