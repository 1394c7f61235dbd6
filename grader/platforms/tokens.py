"""How many tokens a file has: an estimate by a tokenizer that lies here; a service's own does not."""

from dataclasses import dataclass

from tokenizers import Tokenizer

from grader.errors import UsageError
from grader.lab import Lab
from grader.training.fit import load_tokenizer
from grader.training.models import is_installed, model_folder

MANY_PIECES = 30_000  # today's services use 100,000 and more; of few pieces a text takes more


@dataclass(frozen=True)
class Counter:
    """Counts tokens with one model's tokenizer."""

    model: str
    tokenizer: Tokenizer

    def count(self, text: str) -> int:
        """Return the number of tokens of a text, without special ones."""
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def describe(self) -> str:
        """Say whose tokenizer counts, and how near its count is likely to be."""
        pieces = self.tokenizer.get_vocab_size()
        apart = "counts fewer" if pieces < MANY_PIECES else "differs"
        return (
            f"an estimate with the tokenizer of {self.model} ({pieces:,} pieces): the service's own {apart}, "
            "and adds a few around each message"
        )


def choose_counter(lab: Lab) -> Counter:
    """Return a counter with the tokenizer of the largest model of the lab that is here. Raises UsageError for none."""
    for name, profile in sorted(lab.spec.models.items(), key=lambda item: -item[1].parameters_m):
        if is_installed(name, profile):
            return Counter(name, load_tokenizer(model_folder(name, profile)))
    raise UsageError(f"No model of {lab.name} is here to count tokens with; fetch one with: grader models fetch NAME")
