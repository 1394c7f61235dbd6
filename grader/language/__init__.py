"""Two languages: what is shown to people is looked up in gettext catalogs; what is recorded stays English."""

from grader.language.catalog import ENGLISH, FOLDER, LANGUAGES, Language, load_language
from grader.language.current import current, gettext, ngettext, noop, speaking
from grader.language.results import translate, translate_result, translate_tasks

__all__ = [
    "ENGLISH",
    "FOLDER",
    "LANGUAGES",
    "Language",
    "current",
    "gettext",
    "load_language",
    "ngettext",
    "noop",
    "speaking",
    "translate",
    "translate_result",
    "translate_tasks",
]
