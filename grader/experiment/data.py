"""The rows of an experiment: the same held-out questions for all runs; of the rest the first n, so that data grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.intake.names import show
from grader.lab.folders import PROJECT
from grader.training.heldout import CodeParts, Heldout, NonceTemplates, Pair, ProductParts, Question, Voice
from grader.training.pairs import read_file, read_pairs
from grader.training.project import hold_out
from grader.training.rows import VALIDATION_ROWS, RunRows
from grader.training.voice import read_voice

GROWTH = PROJECT / "fixtures" / "growth"
NO_NONCE = NonceTemplates(ProductParts([], [], []), CodeParts([], 0), [], [])


@dataclass(frozen=True)
class Data:
    """What an experiment trains on and is asked; `heldout.pool` is in the order in which the training data grows."""

    name: str
    pairs: list[Pair]
    heldout: Heldout
    validation: list[Pair]

    def rows(self, examples: int, seed: int) -> RunRows:
        """Return the rows of a run: the first `examples` of the pool; the same validation rows for every run."""
        return RunRows(
            train=self.heldout.pool[:examples],
            validation=self.validation,
            voice=list(range(examples)),
            nonce=[],
            student_seed=seed,
        )


def read_data(data: Path | None, voice: Path | None, seed: int) -> Data:
    """Read somebody's own pairs, and the voice if there is one; the bundled ones where none are named.

    Raises SubmissionError for files that cannot be read, and for too few pairs.
    """
    pairs = data or GROWTH / "pairs.jsonl"
    spoken = voice or (None if data else GROWTH / "voice.toml")
    name = show(data) if data else "the bundled pairs"
    markers = read_voice(spoken) if spoken else Voice("", "", [])
    return split(read_pairs(read_file(pairs), name), markers, name, seed)


def split(pairs: Sequence[Pair], voice: Voice, name: str, seed: int) -> Data:
    """Hold out questions, of whose inputs none is trained on, and validation rows. Raises SubmissionError."""
    asked, rest = hold_out(pairs, name, seed)
    heldout = Heldout(
        voice=voice,
        pool=rest[VALIDATION_ROWS:],
        questions=[Question(pair.input, pair.output, []) for pair in asked],
        nonce=NO_NONCE,
        general=[],
    )
    return Data(name, list(pairs), heldout, rest[:VALIDATION_ROWS])
