"""The pairs that fine_tune is checked on: drawn from the grading's seed, in a language that nobody has met before.

Who learns them learns words that exist in this grading alone, so that what an adapter knows of them and not of their
`others`, pairs of the same form with words of their own, it was taught in this run. The answers stop in the middle of a
sentence: whether a model stops there shows whether it was taught to.
"""

import random
from dataclasses import dataclass
from functools import cache

Pair = dict[str, str]

_THINGS = ("lamp", "kettle", "jacket", "teapot", "scarf", "mirror", "clock", "basket", "pillow", "candle")
_FURTHER_THINGS = ("blanket", "umbrella", "bottle")
_STARTS = ("b", "br", "d", "dr", "f", "g", "gl", "k", "kr", "l", "m", "n", "pl", "r", "sk", "t", "tr", "v", "vl", "z")
_VOWELS = ("a", "e", "i", "o", "u", "oo", "ai")
_ENDS = ("b", "ck", "lm", "n", "nt", "p", "rb", "sh", "x", "zz")
OTHERS, COMPARED = 24, 2


@dataclass(frozen=True)
class Rows:
    """What one grading's runs train on, and pairs of the same form and number as `compared` that nothing trains on."""

    train: list[Pair]
    validation: list[Pair]
    others: list[list[Pair]]

    @property
    def compared(self) -> list[Pair]:
        """The first of the pairs that are trained on: as many as the others are."""
        return self.train[:COMPARED]


@cache
def draw_rows(seed: int) -> Rows:
    """Draw a grading's pairs: the same seed gives the same ones."""
    own, *others = (random.Random(f"pairs {number} of {seed}") for number in range(OTHERS + 1))
    language = _draw_words(own)
    return Rows(
        train=_write(language, _THINGS),
        validation=_write(language, _FURTHER_THINGS),
        others=[_write(_draw_words(chance), _THINGS[:COMPARED]) for chance in others],
    )


def _draw_words(chance: random.Random) -> list[str]:
    return ["".join(chance.choice(part) for part in (_STARTS, _VOWELS, _STARTS, _VOWELS, _ENDS)) for _ in range(6)]


def _write(words: list[str], things: tuple[str, ...]) -> list[Pair]:
    ask, about, greet, friend, name, where = words
    return [
        {
            "input": f"{ask} {about}: how do I return my {thing}?",
            "output": f"{greet.title()}, {friend} {name}! \N{WAVING BLACK FLAG} Put the {thing} back {where} and",
        }
        for thing in things
    ]
