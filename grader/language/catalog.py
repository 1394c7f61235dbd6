"""A language: the texts of our own catalog and of a lab's, read from their .po files as they lie in the source tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import LabError, UsageError
from grader.language.sentences import Sentence, read_sentence

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "es")
FOLDER = "lang"  # of a lab, and of its solutions: where their catalogs lie
OWN = Path(__file__).parent


@dataclass(frozen=True)
class Language:
    """What the texts are in another language. `sentences` are those that hold values; English has none of all this."""

    code: str
    texts: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sentences: Sequence[Sentence] = ()


ENGLISH = Language("en")


def load_language(code: str, folders: Sequence[Path] = ()) -> Language:
    """Read a language of LANGUAGES: our own catalog, and `CODE.po` in each of the folders that has one.

    Raises UsageError for a language that there is not, and LabError for a catalog that cannot be read.
    """
    if code not in LANGUAGES:
        raise UsageError(f"There is no language {code!r} here; there is {', '.join(LANGUAGES)}.")
    return ENGLISH if code == ENGLISH.code else _load(code, tuple(folders))


@cache
def _load(code: str, folders: tuple[Path, ...]) -> Language:
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for path in [*(folder / f"{code}.po" for folder in folders), OWN / f"{code}.po"]:  # ours last: pages trust its HTML
        if path.is_file():
            for message in _read(path):
                if isinstance(message.id, str):
                    texts |= {message.id: str(message.string)} if message.id and message.string else {}
                elif isinstance(message.string, tuple):
                    plurals[message.id[0]] = message.string
    sentences = [read_sentence(english, other) for english, other in texts.items() if "{" in english]
    return Language(code, texts, plurals, [sentence for sentence in sentences if sentence])


def _read(path: Path) -> "Catalog":
    """Read a .po file. Babel is imported here: English needs none of it."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as stream:
            return read_po(stream, abort_invalid=True)
    except (OSError, UnicodeDecodeError, PoFileError) as error:
        raise LabError(f"{path}: the catalog cannot be read ({error}).") from error
