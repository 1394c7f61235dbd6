"""Where the time goes inside what is slowest: the libraries' imports, the checks of week 07, a training run."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import ClassVar

import msgspec

from bench.student import LIBRARIES
from bench.training import MODEL, run_as_worker
from grader.grade import prepare, take_in
from grader.lab.folders import PROJECT
from grader.training.devices import cores

SEED = 7
MOST = 8  # rows of one profile; the rest is summed up
IMPORTED = re.compile(r"import time: +(\d+) \| +\d+ \| +([\w.]+)")


class Part(msgspec.Struct, frozen=True):
    """One part of something, in seconds, and its share of the whole."""

    whole: str
    part: str
    seconds: float
    share: float

    COLUMNS: ClassVar[tuple[str, ...]] = ("of", "part", "time", "share")

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table."""
        return self.whole, self.part, f"{self.seconds:.2f} s", f"{self.share:.0%}"


def measure() -> list[Part]:
    """Take the three profiles: two minutes."""
    return [
        *_rows("the libraries' imports", _imports()),
        *_rows("the checks of week 07", _checks()),
        *_rows(f"training {MODEL}", _operators()),
    ]


def _rows(whole: str, parts: Mapping[str, float]) -> Iterator[Part]:
    total = sum(parts.values())
    ranked = Counter(parts).most_common()
    rest = sum(seconds for _, seconds in ranked[MOST:])
    for part, seconds in [*ranked[:MOST], *([("all else", rest)] if rest else [])]:
        yield Part(whole, part, round(seconds, 3), round(seconds / total, 4))


def _imports() -> Mapping[str, float]:
    """Return the seconds that each package's own modules take, without what they import in their turn."""
    command = [sys.executable, "-X", "importtime", "-c", LIBRARIES]
    said = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stderr
    found: Counter[str] = Counter()
    for microseconds, module in IMPORTED.findall(said):
        package = module.partition(".")[0]
        found["the standard library" if package in sys.stdlib_module_names else package] += int(microseconds)
    return {package: microseconds / 1e6 for package, microseconds in found.items()}


def _checks() -> Mapping[str, float]:
    """Return the seconds that the checks of each task take on the reference."""
    found: dict[str, float] = defaultdict(float)
    with prepare("week07", "tiny-gpt2", "cpu", SEED, lambda message: None) as grading:
        assert grading.lab.solutions is not None
        with take_in(grading.lab.solutions, grading.lab) as submission:
            for id, result in grading.check(submission, {}).items():
                found[id.partition(".")[0]] += result.duration_s
    return found


def _operators() -> Mapping[str, float]:
    """Return the seconds of torch's own operators in a training run of the reference."""
    return run_as_worker("bench.operators", MODEL, str(cores()), type=dict[str, float])
