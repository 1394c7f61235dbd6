"""Under which names a class page shows people: their own, or pseudonyms that only the holder of a secret can undo."""

import base64
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote

import msgspec

from grader.errors import UsageError
from grader.render.markup import anchor
from grader.results import CheckResult, Override, Result
from grader.similarity.passages import Passage

KEY_BYTES = 32
NAMELESS = "(name)"
_ATTEMPT = re.compile(r"(.+?)(-attempt-\d+.*)?")
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 3  # letters of anybody's name: `an`, `he` and `so` are names too, and stand in every sentence
_SHORTEST_INSIDE = 4  # letters of one's own name that are looked for within longer words too


class _Own(NamedTuple):
    """The words of one submission's own names, and a pattern for those that are looked for within longer words."""

    words: frozenset[str]
    inside: re.Pattern[str]


class Names(Protocol):
    """What a class page calls a submission and its people."""

    pseudonymous: bool

    def name(self, id: str) -> str:
        """Return what a submission is called."""
        ...

    def link(self, name: str) -> str:
        """Return where a link on that name leads."""
        ...

    def student(self, student: str) -> str:
        """Return whose it is, or nothing."""
        ...

    def sentence(self, text: str) -> str:
        """Return a sentence about a submission that may hold names."""
        ...

    def result(self, result: Result) -> Result:
        """Return a result under its name."""
        ...

    def show_passage(self, passage: Passage) -> Passage:
        """Return what is shown of a passage that two share."""
        ...


class RealNames:
    """Everything as it is."""

    pseudonymous = False

    def name(self, id: str) -> str:
        """See Names.name."""
        return id

    def link(self, name: str) -> str:
        """See Names.link."""
        return f"./{quote(name, safe='', errors='replace')}/index.html"

    def student(self, student: str) -> str:
        """See Names.student."""
        return student

    def sentence(self, text: str) -> str:
        """See Names.sentence."""
        return text

    def result(self, result: Result) -> Result:
        """See Names.result."""
        return result

    def show_passage(self, passage: Passage) -> Passage:
        """See Names.show_passage."""
        return passage


class Pseudonyms:
    """Pseudonyms by HMAC-SHA256 of the id: the same in every run and in any order, as long as the key is kept.

    Words of anybody's name are taken out of what submissions say. Who writes their own name in a way that only people
    read (`4da`, an e-mail in a picture's name) can still be recognised.
    """

    pseudonymous = True

    def __init__(self, key: bytes, known: Iterable[str]) -> None:
        """`known` are the names and ids of the class."""
        self._key = key
        words = {word for text in known for word in _words(text)}
        self._words = frozenset(word for word in words if len(word) >= _SHORTEST or not word.isascii())

    def name(self, id: str) -> str:
        """See Names.name. A student's attempts are told apart behind one pseudonym."""
        parts = _ATTEMPT.fullmatch(id)
        owner, attempt = (parts[1], parts[2] or "") if parts else (id, "")
        digest = hmac.digest(self._key, owner.encode(errors="surrogatepass"), hashlib.sha256)
        # 50 bits: among 5,000 students two share a pseudonym once in ninety million classes.
        letters = base64.b32encode(digest)[:10].decode().lower()
        return f"p-{letters[:5]}-{letters[5:]}{attempt}"

    def student(self, student: str) -> str:
        """See Names.student."""
        return ""

    def sentence(self, text: str) -> str:
        """See Names.sentence."""
        return self._clean(text, _own_words([]))

    def link(self, name: str) -> str:
        """See Names.link. A report's folder bears a name, so the link stays on the page."""
        return f"#row-{anchor(name)}"

    def result(self, result: Result) -> Result:
        """See Names.result. Names are taken out of all that the page shows of it; the page shows no delivery."""
        people = result.delivery.people if result.delivery else []
        own = [result.submission.id, *(text for one in people for text in (one.name, *one.identifiers.values()))]
        words = _own_words(own)
        tasks = [
            msgspec.structs.replace(task, checks=[self._check(check, words) for check in task.checks])
            for task in result.tasks
        ]
        lines = [msgspec.structs.replace(one, override=self._override(one.override, words)) for one in result.rubric]
        info = msgspec.structs.replace(result.submission, id=self.name(result.submission.id))
        return msgspec.structs.replace(result, submission=info, tasks=tasks, rubric=lines)

    def show_passage(self, passage: Passage) -> Passage:
        """See Names.show_passage. Code is left out: comments and strings tell too much."""
        sides = [
            replace(side, file=self.sentence(side.file), function=self.sentence(side.function), code="")
            for side in (passage.left, passage.right)
        ]
        return replace(passage, left=sides[0], right=sides[1])

    def _check(self, check: CheckResult, own: _Own) -> CheckResult:
        if not check.message and not check.override:
            return check  # the page shows nothing of it but our own title
        return msgspec.structs.replace(
            check,
            message=self._clean(check.message, own),
            hint=self._clean(check.hint, own),
            override=self._override(check.override, own),
        )

    def _override(self, override: Override | None, own: _Own) -> Override | None:
        return override and msgspec.structs.replace(override, comment=self._clean(override.comment, own))

    def _clean(self, text: str, own: _Own) -> str:
        def nameless(found: re.Match[str]) -> str:
            word = found[0].casefold()
            return NAMELESS if word in self._words or word in own.words or own.inside.search(word) else found[0]

        return _WORD.sub(nameless, unicodedata.normalize("NFC", text))


def open_pseudonyms(path: Path, known: Iterable[str]) -> Pseudonyms:
    """Read the secret key, or make one at the first time, that only its owner can read. Raises UsageError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise UsageError(f"{path}: is no key of ours; delete it to have a new one, with new pseudonyms for everybody.")
    return Pseudonyms(key, known)


def _own_words(names: Iterable[str]) -> _Own:
    words = frozenset(word for text in names for word in _words(text))
    inside = [re.escape(word) for word in words if len(word) >= _SHORTEST_INSIDE]
    return _Own(words, re.compile("|".join(inside) or r"(?!)"))  # (?!) is nowhere


def _words(text: str) -> set[str]:
    """Return the words of a name, an e-mail's local part or an id; a name in one word; each of them with an s too."""
    plain = unicodedata.normalize("NFC", text).partition("@")[0]
    words = [word.casefold() for word in _WORD.findall(plain)]
    joined = {"".join(words), "".join(reversed(words))} if 1 < len(words) <= 4 else set()
    telling = {word for word in {*words, *joined} if len(word) > 1 and not (word.isdecimal() and len(word) < 4)}
    return telling | {f"{word}s" for word in telling}
