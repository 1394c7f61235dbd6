"""One submission graded in many surroundings, with one seed: `python -m tests.selftest.environments [--count N]`.

Each grading is a process of its own with another hash seed, locale, time zone, working folder, thread count, file mode,
home and terminal, and gets the submission as a folder or in an archive. All results must be the same but for durations.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.lab import find_lab
from grader.lab.folders import PROJECT
from tests.batch.classroom import timeless

LOCALES = ("C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "")
ZONES = ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", "Nowhere/Land")
FOLDERS = ("plain", "with space", "ünïcode-目", "a" * 120)
PACKED = {"folder": "", "zip": ".zip", "gztar": ".tar.gz"}
MASKS = (0o022, 0o077, 0o000)
SEED = 7


@dataclass(frozen=True)
class Surroundings:
    """What one grading finds around it: variables, working folder, file mode, and the form of the submission."""

    number: int
    variables: Mapping[str, str]
    folder: str
    mask: int
    form: str

    def __str__(self) -> str:
        """Return all of it in a line."""
        said = " ".join(f"{name}={value}" for name, value in self.variables.items())
        return f"{self.number}: {said}, in {self.folder[:20]!r}, umask {self.mask:03o}, as a {self.form}"


def draw(number: int) -> Surroundings:
    """Return the surroundings of one number, always the same."""
    chance = random.Random(number)
    variables = {
        "PYTHONHASHSEED": str(chance.choice(["random", chance.randrange(2**32)])),
        "LC_ALL": chance.choice(LOCALES),
        "LANG": chance.choice(LOCALES),
        "TZ": chance.choice(ZONES),
        "OMP_NUM_THREADS": str(chance.choice([1, 2, 3, 8])),
        "COLUMNS": str(chance.choice([20, 80, 300])),
        "TERM": chance.choice(["dumb", "xterm-256color"]),
        "USER": chance.choice(["root", "grader", "nobody at all"]),
        "PYTHONOPTIMIZE": chance.choice(["", "1"]),
        "PYTHONUTF8": chance.choice(["0", "1"]),
    }
    return Surroundings(number, variables, chance.choice(FOLDERS), chance.choice(MASKS), chance.choice(sorted(PACKED)))


def grade_in(around: Surroundings, lab: str, model: str, root: Path) -> object:
    """Grade the reference of a lab there and return its result without durations. Raises CalledProcessError."""
    place = root / str(around.number) / around.folder
    place.mkdir(parents=True)
    home = place / "home"
    home.mkdir()
    submission = _hand_in(lab, around.form, place)
    options = ["--lab", lab, "--model", model, "--seed", str(SEED), "--out", "reports", "--lang", "en"]
    variables = {**around.variables, "HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT)}
    subprocess.run(
        [sys.executable, "-m", "grader", "grade", str(submission), *options],
        cwd=place,
        env={name: value for name, value in variables.items() if value},
        umask=around.mask,
        capture_output=True,
        text=True,
        check=True,
    )
    result: Any = timeless(next((place / "reports").rglob("result.json")))
    del result["submission"]["id"]  # what the file is called
    return result


def _hand_in(lab: str, form: str, place: Path) -> Path:
    """Return the reference as a folder, or as an archive of the same name in `place`."""
    solutions = find_lab(lab).solutions
    assert solutions is not None
    folder = shutil.copytree(solutions, place / lab, ignore=shutil.ignore_patterns("__pycache__"))
    return folder if form == "folder" else Path(shutil.make_archive(str(folder), form, place, lab))


def compare(lab: str, model: str, count: int, jobs: int) -> Iterator[tuple[Surroundings, str]]:
    """Yield the surroundings one by one, each with what is wrong there: nothing where the result is the first one's."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        every = [draw(number) for number in range(count)]
        results = pool.map(lambda around: _try(around, lab, model, Path(folder)), every)
        first: object = None
        for around, result in zip(every, results, strict=True):
            first = first or result
            yield around, "" if result == first else f"differs: {result}"


def _try(around: Surroundings, lab: str, model: str, root: Path) -> object:
    try:
        return grade_in(around, lab, model, root)
    except subprocess.CalledProcessError as error:
        return f"exit code {error.returncode}: {error.stderr[-2000:]}"


def main() -> int:
    """Grade the reference in so many surroundings; print each that gives another result, and how many were equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", default="week07")
    parser.add_argument("--model", default="tiny-gpt2")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    wrong = 0
    for around, complaint in compare(given.lab, given.model, given.count, given.jobs):
        wrong += bool(complaint)
        print(f"{around}: {complaint or 'the same'}", flush=True)
    print(f"{given.count - wrong} of {given.count} results are the same, bit for bit but for durations")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
