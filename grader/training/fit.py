"""Whether a person's own pairs fit a model's context: a longer one would be nobody's fault but break the judge."""

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from grader.errors import SubmissionError, UsageError
from grader.intake.names import quote
from grader.training.heldout import Pair
from grader.training.models import ModelChoice

LONGEST = 1024  # tokens of a pair, whatever the model could take: the judge reads every row several times
TEMPLATE = 40  # tokens at most: the template has 34 characters, and there is an end token
ANSWER = 40  # new tokens that an answer may have
CONTEXT_KEYS = ("n_positions", "max_position_embeddings")
TOKENIZER = "tokenizer.json"


def check_fit(pairs: Sequence[Pair], name: str, choice: ModelChoice) -> None:
    """Raise SubmissionError that names the first pair which is too long for the model with the template around it."""
    tokenizer, most = load_tokenizer(choice.folder), min(_context(choice), LONGEST)
    for number, pair in enumerate(pairs, 1):
        asked, told = (len(tokenizer.encode(text).ids) for text in (pair.input, pair.output))
        if asked + max(told, ANSWER) + TEMPLATE > most:
            raise SubmissionError(
                f"{name}: pair {number} ({quote(pair.input[:40])}) has {asked + told} tokens, and {choice.name} takes "
                f"{most - TEMPLATE} for a pair, {ANSWER} of them for an answer; shorten it."
            )


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the tokenizer of a model folder, without transformers. Raises UsageError where there is none."""
    path = folder / TOKENIZER
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises the bare class
        raise UsageError(f"{path} is missing or damaged; save the model's fast tokenizer there.") from error


def _context(choice: ModelChoice) -> int:
    config = json.loads((choice.folder / "config.json").read_bytes())
    return next((config[key] for key in CONTEXT_KEYS if isinstance(config.get(key), int)), LONGEST)
