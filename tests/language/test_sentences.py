"""Sentences with values in them, recognised and said in another language; nothing of a student's is."""

from pathlib import Path

import pytest

from grader.errors import LabError, UsageError
from grader.language import ENGLISH, Language, gettext, load_language, ngettext, speaking, translate
from grader.language.sentences import Sentence, read_sentence

SPANISH = load_language("es")
PAIRS = {
    "Full points from {full}, none at {none}.": "Todos desde {full}, ninguno con {none}.",
    "fine_tune raised {kind}: {message}": "fine_tune lanzó {kind}: {message}",
    "Waits for “{title}” ({outcome}).": "Espera a “{title}” ({outcome}).",
    "It is done.": "Está hecho.",
    "The line is {line}.": "La línea es {line}.",
    "failed": "no pasó",
    "Sum": "Suma",
}
SENTENCES = [found for pair in PAIRS.items() if (found := read_sentence(*pair))]
SMALL = Language("es", PAIRS, {}, SENTENCES)


def test_a_sentence_is_found_with_its_values_and_said_with_them() -> None:
    assert translate("Full points from 0.4, none at 0.1.", SMALL) == "Todos desde 0.4, ninguno con 0.1."


def test_sentences_in_a_row_are_each_translated_and_unknown_ones_stay() -> None:
    said = "Full points from 1, none at 0. Unheard of. It is done."
    assert translate(said, SMALL) == "Todos desde 1, ninguno con 0. Unheard of. Está hecho."


def test_words_of_ours_in_a_sentence_are_translated_and_a_students_are_not() -> None:
    assert translate("Waits for “Sum” (failed).", SMALL) == "Espera a “Suma” (no pasó)."
    assert translate("fine_tune raised failed: It is done. Sum", SMALL) == "fine_tune lanzó failed: It is done. Sum"
    assert translate("The line is failed.", SMALL) == "La línea es failed."


@pytest.mark.parametrize("hostile", ["{kind}", "{0}", "{message.__class__}", "%(count)s", "{", "}}", "\x00", "<b>"])
def test_a_value_is_put_in_as_it_is_and_never_filled_in_itself(hostile: str) -> None:
    assert translate(f"fine_tune raised E: {hostile}", SMALL) == f"fine_tune lanzó E: {hostile}"
    with speaking(SPANISH):
        assert gettext("No report: {error}", error=hostile) == f"Sin informe: {hostile}"


def test_a_megabyte_of_separators_takes_no_time_to_speak_of() -> None:
    text = "Full points from " + ", none at " * 100_000
    assert translate(text, SMALL) == text


@pytest.mark.parametrize("piece", ["It is done. ", "Unheard of. ", "Waits for “", "a: "])
def test_no_number_of_sentences_is_too_many(piece: str) -> None:
    text = piece * 20_000
    shown = translate(text, SMALL)
    assert shown[-1_000:] == text[-1_000:]  # a person reads the first ones; the rest stays


def test_english_changes_nothing_and_reads_no_catalog() -> None:
    assert load_language("en") is ENGLISH
    assert translate("It is done.", ENGLISH) == "It is done."
    assert gettext("Task") == "Task"


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="no language 'fr' here; there is en, es"):
        load_language("fr")


def test_the_language_ends_with_its_block() -> None:
    with speaking(SPANISH):
        assert (gettext("Task"), ngettext("{count:,} check", "{count:,} checks", 1)) == ("Tarea", "1 comprobación")
        assert ngettext("{count:,} check", "{count:,} checks", 2) == "2 comprobaciones"
    assert gettext("Task") == "Task"


def test_a_plain_text_with_braces_is_no_sentence_with_values() -> None:
    assert read_sentence("write { here", "escribe { aquí") is None
    assert read_sentence("{where}: {what}", "{where}: {what}") is None
    assert isinstance(read_sentence("{name} is no number.", "{name} no es un número."), Sentence)


def test_a_damaged_catalog_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "lang"
    folder.mkdir()
    (folder / "es.po").write_bytes(b'msgid "a"\nmsgstr "\xff"\n')
    with pytest.raises(LabError, match=r"es\.po: the catalog cannot be read"):
        load_language("es", [folder])
