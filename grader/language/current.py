"""The language of what is being written, and gettext in it. A sink chooses it at its entrance, while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from grader.language.catalog import ENGLISH, Language

_current: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Have gettext speak a language until the block is left."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Language:
    """Return the language that gettext speaks now."""
    return _current.get()


def gettext(message: str, /, **values: object) -> str:
    """Return one of our own texts in the current language, its `{names}` filled in."""
    said = _current.get().texts.get(message, message)
    return said.format(**values) if values else said


def ngettext(one: str, other: str, count: int, /, **values: object) -> str:
    """Return the form for a number of things, filling in `{count}`. Our languages have two: for 1, and for the rest."""
    forms = _current.get().plurals.get(one, (one, other))
    return forms[count != 1].format(count=count, **values)


def noop(message: str) -> str:
    """Mark a text for the catalogs; it is translated where it is shown."""
    return message
