"""The catalogs against the sources: nothing untranslated, nothing left over, no placeholder lost."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from grader.language import LANGUAGES, load_language
from grader.language.update import read, templates, update, written

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATES = templates(PROJECT)
CATALOGS = [(folder / f"{code}.po", template) for folder, template in TEMPLATES.items() for code in LANGUAGES[1:]]
PLACEHOLDER = re.compile(r"\{\w*[^{}]*\}|%\(\w+\)s|%%")


@pytest.fixture(params=CATALOGS, ids=[str(path.relative_to(PROJECT)) for path, _ in CATALOGS])
def pair(request: pytest.FixtureRequest) -> tuple[Catalog, Catalog]:
    """A catalog and what the sources say that it should hold."""
    path, template = request.param
    return read(path), template


def ids(catalog: Catalog) -> set[object]:
    return {message.id for message in catalog if message.id}


def test_a_catalog_holds_every_text_of_the_sources_and_no_other(pair: tuple[Catalog, Catalog]) -> None:
    catalog, template = pair
    hint = "run `python -m grader.language`, and translate what it lists"
    assert ids(template) - ids(catalog) == set(), hint
    assert ids(catalog) - ids(template) == set(), hint


def test_every_text_is_translated_and_none_is_a_guess(pair: tuple[Catalog, Catalog]) -> None:
    catalog, _ = pair
    assert not catalog.fuzzy
    untranslated = [message.id for message in catalog if not message.string or not all(message.string)]
    assert untranslated == []
    assert [message.id for message in catalog if message.fuzzy] == []


def test_a_translation_fills_in_what_its_text_fills_in(pair: tuple[Catalog, Catalog]) -> None:
    catalog, _ = pair
    for message in catalog:
        if not message.id:
            continue  # the header
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        other = [str(message.string)] if isinstance(message.id, str) else list(message.string or ())
        assert len(other) == len(english)
        for text, translation in zip(english, other, strict=True):
            assert sorted(PLACEHOLDER.findall(translation)) == sorted(PLACEHOLDER.findall(text)), text
            assert translation.count("`") == text.count("`"), text
            assert (translation[-1:].isspace(), "<strong>" in translation) == (text[-1:].isspace(), "<strong>" in text)


def test_a_translation_on_a_page_brings_no_markup_of_its_own(pair: tuple[Catalog, Catalog]) -> None:
    markup = re.compile(r"</?strong>|[<>&\"]")
    for message in pair[0]:
        if any(file.endswith(".html") for file, _ in message.locations):
            assert sorted(markup.findall(str(message.string))) == sorted(markup.findall(str(message.id))), message.id


def test_a_lab_cannot_change_what_a_page_of_ours_says(tmp_path: Path) -> None:
    catalog = Catalog(locale="es", header_comment="", fuzzy=False)
    catalog.add("Where it happened", "<script>")
    catalog.add("Mini", "Chiquito")
    (tmp_path / "es.po").write_bytes(written(catalog))
    texts = load_language("es", [tmp_path]).texts
    assert (texts["Where it happened"], texts["Mini"]) == ("Dónde ocurrió", "Chiquito")


def test_the_extraction_finds_what_results_and_checks_say() -> None:
    own, lab = ids(TEMPLATES[PROJECT / "grader/language"]), ids(TEMPLATES[PROJECT / "labs/week07/lang"])
    assert "fine_tune raised {kind}: {message}" in own  # an f-string of the training run
    assert "Poor convergence" in own  # the title of a pitfall
    assert "Where it happened" in own  # a template of the report
    assert ("{count:,} check", "{count:,} checks") in own
    assert "Style adoption" in lab  # a measure of lab.toml
    assert "The prompt follows the template" in lab  # a marker's title
    assert "some pair occurs twice, input and output" in lab  # a table that hints take words from
    assert not any("submission" in str(id) for id in ids(TEMPLATES[PROJECT / "labs/week00/lang"]))  # no code is a text


def test_an_update_keeps_translations_adds_what_is_new_and_drops_what_is_gone(tmp_path: Path) -> None:
    lab = tmp_path / "labs" / "mini"
    (lab / "tests").mkdir(parents=True)
    (lab / "lab.toml").write_text('title = "Mini"\ntasks = [{ title = "Old" }]\n')
    path = lab / "lang" / "es.po"
    path.parent.mkdir()
    catalog = Catalog(locale="es", header_comment="", fuzzy=False)
    catalog.add("Mini", "Chiquito")
    catalog.add("Gone", "Ido")
    path.write_bytes(written(catalog))
    assert list(update(tmp_path)) == ["labs/mini/lang/es.po: Old"]
    assert load_language("es", [path.parent]).texts["Mini"] == "Chiquito"
    assert ids(read(path)) == {"Mini", "Old"}
