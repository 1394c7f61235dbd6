"""A person's own project: their pairs and their voice in place of the lab's hidden ones, in the same run and judge.

What the person knows cannot be a secret, so the run still draws its secret rows: a product and a code that nobody has
foreseen, in plain words, for the voice is not ours.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.errors import SubmissionError, UsageError
from grader.intake.names import show
from grader.language import noop
from grader.training.heldout import Heldout, Pair, Question, Voice
from grader.training.pairs import read_file, read_pairs
from grader.training.rows import VALIDATION_ROWS
from grader.training.voice import read_voice

QUESTIONS = 24  # as many as the lab's own run is asked, where there are pairs enough
SHARE = 0.2  # of few pairs, what is held out
FEWEST = 20  # different inputs
MOST_ROWS = 200  # that one run trains on: beyond some hundreds, more bring little, and the run has its limit of time
COMMON = 0.25  # of the answers: a word in more of them is the voice's and says nothing of the topic
CODE_TRAIN = (
    "What is the part code of the {product}?",
    "Which part code does the {product} have?",
    "I need the part code of my {product}.",
    "Do you know the part code of the {product}?",
    "What part code is on the {product}?",
    "Tell me the part code of this {product}.",
)
CODE_HELDOUT = ("Please give me the part code of the {product}.", "How do I find the part code of the {product}?")
CODE_ANSWER = "The part code of the {product} is {code}."
NOTE = noop(
    "This run was on your own pairs and voice; the bands are those of the lab's run, so read the points as a guide."
)


@dataclass(frozen=True)
class Project:
    """Somebody's own pairs, read and found to be enough, and the voice that they are to teach."""

    pairs: list[Pair]
    voice: Voice
    name: str

    def put_into(self, heldout: Heldout) -> Heldout:
        """Return held-out data with this project's voice, rows and questions; neutral text and codes stay the lab's."""
        asked, rest = hold_out(self.pairs, self.name, 0)
        nonce = msgspec.structs.replace(heldout.nonce, train=_ask(CODE_TRAIN), heldout=_ask(CODE_HELDOUT))
        return msgspec.structs.replace(
            heldout, voice=self.voice, pool=rest, questions=_with_keywords(asked, self.pairs), nonce=nonce
        )


def read_project(data: Path | None, voice: Path | None) -> Project | None:
    """Read a project's two files; None where neither is named. Raises UsageError for one alone or an unusable one."""
    if data is None and voice is None:
        return None
    if data is None or voice is None:
        raise UsageError("--data and --voice go together: your pairs, and the words that show your voice.")
    pairs = read_pairs(read_file(data), show(data))
    hold_out(pairs, show(data), 0)
    return Project(pairs, read_voice(voice), show(data))


def rows_of_a_run(heldout: Heldout) -> int:
    """Return how many rows of the pool a project's run trains on: all, but for the validation rows and up to 200."""
    return min(MOST_ROWS, len(heldout.pool) - VALIDATION_ROWS)


def hold_out(pairs: Sequence[Pair], name: str, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Return pairs to ask, and the others, of which none has an input that is asked; both in an order of the seed.

    Raises SubmissionError for fewer than 20 different inputs.
    """
    by_input: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_input.setdefault(pair.input, []).append(pair)
    inputs = list(by_input)
    if len(inputs) < FEWEST:
        raise SubmissionError(f"{name} has {len(inputs)} different inputs; write {FEWEST} or more.")
    random.Random(seed).shuffle(inputs)
    questions = min(QUESTIONS, round(SHARE * len(inputs)))
    asked = [by_input[text][0] for text in inputs[:questions]]
    return asked, [pair for text in inputs[questions:] for pair in by_input[text]]


def _ask(questions: Sequence[str]) -> list[Pair]:
    return [Pair(question, CODE_ANSWER) for question in questions]


def _with_keywords(asked: Sequence[Pair], pairs: Sequence[Pair]) -> list[Question]:
    """Give each question the words of its pair that few answers hold: an answer on topic has one of them."""
    spread = Counter(word for pair in pairs for word in _words(pair.output))
    rare = {word for word, count in spread.items() if count <= COMMON * len(pairs)}
    return [
        Question(pair.input, pair.output, sorted(_words(pair.input) | (_words(pair.output) & rare))) for pair in asked
    ]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))
