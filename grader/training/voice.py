"""A person's own voice.toml: how the answers are to sound, and the words that show it."""

import tomllib
from pathlib import Path

import msgspec

from grader.errors import SubmissionError
from grader.intake.names import show
from grader.training.heldout import Voice
from grader.training.pairs import read_file

MOST_MARKERS, LONGEST_MARKER = 100, 100
EXAMPLE = 'name = "cheerful", description = "…", markers = ["great question", "😊"]'


def read_voice(path: Path) -> Voice:
    """Read a voice. Raises SubmissionError in one sentence for a file that is none, or has no usable markers."""
    content = read_file(path)
    try:
        voice = msgspec.convert(tomllib.loads(content.decode("utf-8")), Voice)
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad TOML and a wrong type are all ValueErrors
        reason = " ".join(str(error).split())[:200]
        raise SubmissionError(f"{show(path)} is no voice ({reason}); write {EXAMPLE}.") from error
    good = [marker for marker in voice.markers if marker.strip() and len(marker) <= LONGEST_MARKER]
    if not good or len(good) < len(voice.markers) or len(good) > MOST_MARKERS:
        asked = f"1 to {MOST_MARKERS} texts, not blank, of {LONGEST_MARKER} characters at most"
        raise SubmissionError(f"{show(path)}: markers should be {asked}.")
    return voice
