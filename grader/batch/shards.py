"""A class graded in parts, by jobs that know nothing of one another, and put together afterwards."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from grader.batch.books import Absences
from grader.batch.journal import Journal, Member, Settings
from grader.errors import UsageError
from grader.intake.arrivals import Arrival
from grader.render.index import Entry, make_entry
from grader.results import decode, write_atomically

FOLDER = ".shards"
NAME = re.compile(r"([0-9]{1,4})-of-([0-9]{1,4})")


@dataclass(frozen=True)
class Shard:
    """Part `number` of `of`, counted from 1."""

    number: int
    of: int

    def folder(self, out: Path) -> Path:
        """Return where this part's reports and journal lie; no submission's id begins with a dot."""
        return out / FOLDER / f"{self.number}-of-{self.of}"

    def select(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Return this part's arrivals. All attempts of one owner are in one part, whatever else arrives meanwhile."""
        return [arrival for arrival in arrivals if _bucket(arrival.owner or arrival.id, self.of) == self.number - 1]


def read_shard(text: str) -> Shard:
    """Read `2/3`. Raises UsageError."""
    written = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    if written and 1 <= int(written[1]) <= int(written[2]):
        return Shard(int(written[1]), int(written[2]))
    raise UsageError(f"--shard {text}: name a part as i/n, such as 2/3 for the second of three.")


@dataclass(frozen=True)
class Gathered:
    """A class put together: a line and a member for each submission, and whom the roster does not fit."""

    settings: Settings
    roll: list[Member]
    absences: Absences
    entries: list[Entry]


def gather(out: Path, parts: Sequence[Shard], journal: Journal) -> Gathered:
    """Copy all parts' reports into `out` and what they found out into its journal; return what there is of the class.

    Raises UsageError where a part is still being graded, has not come to its end, or was graded otherwise.
    """
    with ExitStack() as stack:
        journals = [stack.enter_context(Journal(shard.folder(out))) for shard in parts]
        settings = [_settings(part, shard) for part, shard in zip(journals, parts, strict=True)]
        unlike = [part for part, found in zip(parts, settings, strict=True) if _essence(found) != _essence(settings[0])]
        if unlike:
            raise UsageError(
                f"Parts 1 and {unlike[0].number} were graded with another lab, seed or model; grade both with the same."
            )
        roll, entries = list[Member](), list[Entry]()
        for part, shard in zip(journals, parts, strict=True):
            members = part.read_roll()
            if members is None:
                raise UsageError(f"Part {shard.number} of {shard.of} has not come to its end; run it again.")
            for member in members:
                journal.write(member.id, part.read(member.id))
                prints = part.read_prints(member.id)
                if prints:
                    journal.write_prints(member.id, prints)
                entries.append(_copy_report(member, shard.folder(out), out))
            roll += members
        # Each part held the roster against the whole class.
        absences = journals[0].read_absences()
        journal.finish(settings[0], roll, absences)
    return Gathered(settings[0], roll, absences, entries)


def _copy_report(member: Member, part: Path, out: Path) -> Entry:
    if member.refused or member.fault:
        return Entry(id=member.id, refused=member.refused, fault=member.fault)
    for name in ("index.html", "result.json"):
        write_atomically(out / member.id / name, (part / member.id / name).read_bytes())
    return make_entry(decode((out / member.id / "result.json").read_bytes()))


def find_parts(out: Path) -> list[Shard]:
    """Return the parts in an output folder. Raises UsageError where there is none, or one is missing."""
    names = [NAME.fullmatch(path.name) for path in sorted((out / FOLDER).glob("*-of-*"))]
    found = sorted((int(name[2]), int(name[1])) for name in names if name)
    if not found:
        raise UsageError(f"{out} holds no parts; grade them first: grader batch DIR --shard 1/3 --out {out}")
    counts = {of for of, _ in found}
    if len(counts) > 1:
        raise UsageError(f"{out / FOLDER} holds parts of {' and of '.join(map(str, sorted(counts)))}; delete the old.")
    of = counts.pop()
    missing = sorted(set(range(1, of + 1)) - {number for _, number in found})
    if missing:
        raise UsageError(f"Part {missing[0]} of {of} is missing; grade it first: --shard {missing[0]}/{of}")
    return [Shard(number, of) for number in range(1, of + 1)]


def _settings(journal: Journal, shard: Shard) -> Settings:
    settings = journal.read_settings()
    if settings is None:
        raise UsageError(f"Part {shard.number} of {shard.of} was never begun; grade it first.")
    return settings


def _essence(settings: Settings) -> tuple[str, int, str, str]:
    return settings.lab, settings.seed, Path(settings.model).name, settings.device


def _bucket(owner: str, of: int) -> int:
    return int.from_bytes(hashlib.sha256(owner.encode(errors="surrogatepass")).digest()[:8], "big") % of
