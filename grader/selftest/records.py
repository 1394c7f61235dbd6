"""What a selftest finds out: one trial for each sample and seed, and `selftest.json`."""

import msgspec

from grader.results import Outcome

RIGHT, CHAFFS, WRONG, HOSTILE = KINDS = ("right", "chaffs", "wrong", "hostile")


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One sample, graded with one seed. `checks` holds the outcome of every check that was run for it.

    `complaint` is empty where the sample got what it must. For a chaff, `told` is the first thing that its author
    reads, and `hinted` whether this names the mistake. `level` is how the worker was confined.
    """

    name: str
    kind: str
    seed: int
    level: str
    about: str
    checks: dict[str, Outcome]
    declared: list[str] = []
    complaint: str = ""
    told: str = ""
    hinted: bool | None = None
    seconds: float = 0.0


class Selftest(msgspec.Struct, frozen=True, kw_only=True):
    """All trials, and with what they were made. `checks` is the lab's manifest, in its order."""

    lab: str
    title: str
    model: str
    checks: list[str]
    trials: list[Trial]

    @property
    def levels(self) -> list[str]:
        """The levels of confinement that the trials ran at."""
        return sorted({trial.level for trial in self.trials})

    @property
    def failed(self) -> list[Trial]:
        """The samples that did not get what they must."""
        return [trial for trial in self.trials if trial.complaint]
