"""A class put together from the sample submissions, in every form in which they may arrive, mixed in one folder.

The same size gives the same class. Each student's hand-in holds a file of its own, so that no two have the same hash.
"""

import random
import shutil
from itertools import cycle
from pathlib import Path

import msgspec

from bench.forms import BROKEN, WHOLE, Owner
from fixtures.submissions.build import materialize, names, read_patch
from grader.intake.submission import fingerprint
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.results import write_atomically

SEED = 7
STUB = "stub/as-released"
BASES = ("right/plain-loop", "demo/ben-halfway", "demo/cleo-first-hour")  # of the hostile ones, to compare with
# Of a hundred students, so many hand in a sample of each kind; in a class of 500 there is every sample.
SHARES = {"right": 11, "demo": 5, "chaffs": 49, "wrong": 6, "stub": 6, "hostile": 20, "broken": 3}
GIVEN = ("Ada", "Ben", "Cleo", "Diego", "Emeka", "Fatima", "Grace", "Hiro", "Ines", "Jamal", "Kavya", "Lena", "Mateo")
FAMILY = ("Lovelace", "Okafor", "Silva", "Hopper", "Tanaka", "Haddad", "Novak", "Ibarra", "Lindqvist", "Mwangi", "Rao")
ROSTER = "students.json"


class Student(msgspec.Struct, frozen=True):
    """One student: the id and the name that the result must have, what was handed in, and in which form.

    `sha256` is what the files hash to, found out before they were packed; it is empty where they must be refused.
    """

    id: str
    name: str
    sample: str
    form: str
    sha256: str

    @property
    def kind(self) -> str:
        """The kind of the sample."""
        return self.sample.partition("/")[0]


def make_class(root: Path, size: int) -> list[Student]:
    """Write a class into `root/class`, or return the one that an earlier call has written there to its end."""
    roster = root / ROSTER
    if not roster.is_file():
        shutil.rmtree(root, ignore_errors=True)
        (root / "class").mkdir(parents=True)
        chance = random.Random(SEED)
        samples = choose_samples(size, chance)
        students = [_hand_in(root, number, sample, chance) for number, sample in enumerate(samples)]
        write_atomically(roster, msgspec.json.encode(students))
    return msgspec.json.decode(roster.read_bytes(), type=list[Student])


def choose_samples(size: int, chance: random.Random) -> list[str]:
    """Return a sample for each student: the bases and a stub first, then kinds by their shares, a kind's in turn."""
    kinds = {kind: names(kind) for kind in SHARES} | {"stub": [STUB], "broken": [*BROKEN]}
    decks = {kind: cycle(chance.sample(samples, len(samples))) for kind, samples in kinds.items()}
    drawn = [kind for kind, share in SHARES.items() for _ in range(round(size * share / 100))]
    chance.shuffle(drawn)
    return [*BASES, STUB, *(next(decks[kind]) for kind in drawn)][:size]


def _hand_in(root: Path, number: int, sample: str, chance: random.Random) -> Student:
    owner = Owner(GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)], number)
    files = _build(sample, root / "files")
    (files / "author.txt").write_text(f"{owner.unique}\n", encoding="utf-8")
    # In an archive links and special files are refused, and in a folder left out: only there is something to grade.
    plain = all((path.is_dir() or path.is_file()) and not path.is_symlink() for path in files.rglob("*"))
    form = sample if sample in BROKEN else chance.choice([*WHOLE]) if plain else "folder"
    sha256 = "" if _is_refused(sample) else fingerprint(files, find_lab("week07").expected_files).sha256
    arrived = (WHOLE | BROKEN)[form](files, root / "class", owner)
    shutil.rmtree(files, ignore_errors=True)
    return Student(arrived.id, arrived.name, sample, form, sha256)


def _build(sample: str, dest: Path) -> Path:
    if sample == STUB:
        return shutil.copytree(PROJECT / "labs" / "week07", dest, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    return materialize(BASES[0] if sample in BROKEN else sample, dest)


def _is_refused(sample: str) -> bool:
    if sample == STUB or sample in BROKEN:
        return sample in BROKEN
    patch = read_patch(sample)
    return patch is not None and patch.refused
