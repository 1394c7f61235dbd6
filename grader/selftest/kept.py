"""Trials that still hold, a line for each, so that a selftest of hours goes on where it was stopped."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.facts import ROOT, check_facts, hash_files, training_facts
from grader.lab import Lab
from grader.lines import append_line, read_lines
from grader.selftest.records import Trial
from grader.selftest.samples import Samples
from grader.training import ModelChoice

BANDS = "calibration"  # the facts name those that count


class Line(msgspec.Struct, frozen=True):
    """A trial, and the hash of all that it depends on."""

    key: str
    trial: Trial


@dataclass
class KeptTrials:
    """The trials in the file `path`. Whatever came of a trial is kept: what failed does not pass by being repeated."""

    path: Path
    lab: Lab
    choice: ModelChoice | None
    samples: Samples
    _lines: dict[str, Trial] = field(default_factory=dict)
    _surroundings: dict[int, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Read the file. Raises LabError where it is damaged."""
        lines = read_lines(self.path, Line, "remove the file, and every sample is tried anew")
        self._lines = {line.key: line.trial for line in lines}

    def find(self, name: str, seed: int) -> Trial | None:
        """Return the trial of a sample with a seed, where nothing that it depends on has changed."""
        return self._lines.get(self._key(name, seed))

    def keep(self, trial: Trial) -> None:
        """Add a trial. Safe in several threads."""
        line = Line(self._key(trial.name, trial.seed), trial)
        with self._lock:
            append_line(self.path, line)

    def _key(self, name: str, seed: int) -> str:
        with self._lock:
            if seed not in self._surroundings:
                self._surroundings[seed] = self._surround(seed)
        return _digest([*self._surroundings[seed], name, self.samples.digest(name)])

    def _surround(self, seed: int) -> list[str]:
        """What all trials with a seed depend on alike, hashed once for all of them: models have many megabytes."""
        lab, choice = self.lab, self.choice
        facts = training_facts(lab, choice, seed) if choice else check_facts(lab, choice, seed)
        code = [hash_files(folder, _without_bands(folder)) for folder in (ROOT, lab.folder, lab.solutions) if folder]
        return [repr(sorted(facts.items())), *code]


def _without_bands(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir() if path.name not in (BANDS, "__pycache__")))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
