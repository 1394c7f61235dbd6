"""What a response says, as far as the judge can tell without a model: three pure shares, each linear in the text."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

NGRAM = 4  # words: shorter phrases recur in honest prose
LONGEST_RUN = 30  # combining marks on one letter: the limit of Unicode's Stream-Safe Text Format (UAX #15)


def style_adoption(responses: Sequence[str], markers: Sequence[str]) -> float:
    """Share (0 to 1) of the responses that hold at least one marker; 0.0 for no responses.

    A marker that starts or ends with a letter or digit must start or end a word there; an emoji or a punctuation mark
    counts anywhere. Case and Unicode composition are ignored (NFC, as in the lab's `style_score`).
    """
    return _share(_finder(markers)(response) for response in responses)


def repetition(responses: Sequence[str]) -> float:
    """Share (0 to 1) of the responses in which four words in a row, or a sentence, occur twice, whatever their case."""
    return _share(_repeats(response) for response in responses)


def on_topic(responses: Sequence[str], keywords: Sequence[Sequence[str]]) -> float:
    """Share (0 to 1) of the responses that hold one of their own row's keywords, found as markers are.

    Raises ValueError when there is not one row of keywords for each response.
    """
    return _share(_finder(row)(response) for response, row in zip(responses, keywords, strict=True))


def _share(verdicts: Iterable[bool]) -> float:
    counted = list(verdicts)
    return sum(counted) / len(counted) if counted else 0.0


def _finder(phrases: Sequence[str]) -> Callable[[str], bool]:
    patterns = [
        (r"\b" if re.match(r"\w", phrase) else "") + re.escape(phrase) + (r"\b" if re.search(r"\w\Z", phrase) else "")
        for phrase in map(_fold, phrases)
        if phrase
    ]
    pattern = re.compile("|".join(patterns)) if patterns else None
    return lambda response: pattern is not None and pattern.search(_fold(response)) is not None


def _repeats(response: str) -> bool:
    folded = _fold(response)
    words = re.findall(r"\w+", folded)
    phrases = [tuple(words[start : start + NGRAM]) for start in range(len(words) - NGRAM + 1)]
    sentences = [said for part in re.split(r"[.!?…\n]", folded) if (said := tuple(re.findall(r"\w+", part)))]
    return len(set(phrases)) < len(phrases) or len(set(sentences)) < len(sentences)


def _fold(text: str) -> str:
    """One spelling for texts that read alike. Python's NFC is quadratic in a run of combining marks, hence the cut."""
    if text.isascii():
        return text.lower()
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(unicodedata.normalize("NFD", character)[0]) else 0
        if run <= LONGEST_RUN:
            kept.append(character)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", "".join(kept)).casefold())
