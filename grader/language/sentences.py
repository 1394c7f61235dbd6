"""Sentences with values in them, recognised: a result says in English what another language says in its own order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter

# Values of these names are our own words, and are translated in turn; all others may be a student's, and stay.
OURS = {"title", "outcome", "meaning", "direction", "damaged", "measured", "what", "run", "each", "likely", "MEND"}
# Values of these names may hold sentences of their own, a student's among them; no other value reaches beyond its own.
OPEN = {"message", "error", "reason", "fault", "said", "detail", "kind", "answer", "content", "line"}
END = re.compile(r"(?<=[.!?…:]) (?=[\w`“¿¡'\"\[])")  # between two sentences, or before what a colon announces
FEWEST_LETTERS = 5  # of our own in a sentence: fewer would be found in what others write


@dataclass(frozen=True)
class Sentence:
    """An English sentence as the pieces between its values, the names of these, and the translation with them."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    def find_values(self, text: str) -> dict[str, str] | None:
        """Return the values that a text fills in, None where it is another sentence. Takes time linear in the text."""
        first, *middle, last = self.pieces
        if not (text.startswith(first) and text.endswith(last)):
            return None
        end = len(text) - len(last)
        place, values = len(first), []
        for piece in middle:
            found = text.find(piece, place, end)
            if found < 0:
                return None
            values.append(text[place:found])
            place = found + len(piece)
        if place > end:
            return None
        found_values = dict(zip(self.names, [*values, text[place:end]], strict=True))
        closed = (value for name, value in found_values.items() if name not in OURS | OPEN)
        return None if any(END.search(value) for value in closed) else found_values

    def letters(self) -> int:
        """Return how many letters are our own."""
        return sum(char.isalpha() for piece in self.pieces for char in piece)

    def tell(self, values: Mapping[str, str], translate: Callable[[str], str]) -> str:
        """Return the translation with these values in their places, as plain text."""
        told = {name: translate(value) if name in OURS else value for name, value in values.items()}
        return self.translation.format(**told)


def read_sentence(english: str, translation: str) -> Sentence | None:
    """Read a catalog's entry; None where it holds no value, or too little beside."""
    pieces, names = [""], []
    try:
        parsed = list(Formatter().parse(english))
    except ValueError:  # a plain text in which a brace stands for itself
        return None
    for literal, name, _, _ in parsed:
        pieces[-1] += literal
        if name is not None:
            names.append(name)
            pieces.append("")
    sentence = Sentence(tuple(pieces), tuple(names), translation)
    named = names and all(name.isidentifier() for name in names)
    return sentence if named and sentence.letters() >= FEWEST_LETTERS else None
