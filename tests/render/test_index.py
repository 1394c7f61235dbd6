import msgspec
import pytest

from grader.language import load_language
from grader.render.index import Entry, make_entry, render_index
from grader.results import Example, Outcome, sum_task
from tests.render.hostile import ATTACKS
from tests.render.pages import Page
from tests.render.sample import SAMPLE, change_texts


def test_each_submission_is_linked_with_its_score() -> None:
    page = Page(render_index([make_entry(SAMPLE), make_entry(SAMPLE)], "Week 07"))
    assert page.links[1:] == ["./ada-lovelace/index.html"] * 2
    assert page.text.count("28.5/76") == 2
    assert "2 submissions" in page.text
    assert "Our fault: 1 check not decided." in page.text


def test_an_index_speaks_another_language_and_names_a_file_that_cannot_be_imported() -> None:
    spanish = load_language("es")
    said = "formatting.py cannot be imported: SyntaxError: formatting.py, line 3: invalid syntax"
    check = msgspec.structs.replace(
        SAMPLE.tasks[0].checks[1], outcome=Outcome.ERRORED, message=said, example=Example(call="")
    )
    broken = msgspec.structs.replace(SAMPLE, tasks=[sum_task("formatting", "Formatting", [check])])
    page = Page(render_index([make_entry(broken, spanish), make_entry(SAMPLE)], "Semana 7", spanish))
    assert "2 entregas" in page.text
    assert "Arregla formatting.py: no se puede importar" in page.text


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (
            "'x.txt' is over 5 MB; leave out what is not your modules, data/ or quiz.toml.",
            "'x.txt' ocupa más de 5 MB; deja fuera lo que no sean tus módulos, data/ o quiz.toml.",
        ),
        (
            "none of a.py, b.py is here or in a folder below; hand in the folder that holds them. "
            "Its files are those of week00: add --lab week00.",
            "aquí no está ninguno de a.py, b.py, ni en una carpeta más abajo; entrega la carpeta que los contiene. "
            "Sus archivos son los de week00: añade --lab week00.",
        ),
    ],
)
def test_a_refusal_is_told_in_the_indexs_language(refused: str, said: str) -> None:
    page = Page(render_index([Entry(id="ben", refused=refused)], "Semana 7", load_language("es")))
    assert f"Rechazada: {said}" in page.text


NAMES = ["javascript:alert(1)", "//example.org", "a b#c?d", "\ud800", 'x" onclick="y', "../up"]


@pytest.mark.parametrize("name", NAMES)
def test_a_submissions_name_is_never_more_than_a_folders_name(name: str) -> None:
    submission = msgspec.structs.replace(SAMPLE.submission, id=name)
    result = msgspec.structs.replace(SAMPLE, submission=submission)
    [_, link] = Page(render_index([make_entry(result)], "Week 07")).links
    start, folder, page = link.split("/")
    assert (start, page) == (".", "index.html")
    assert not set(folder) & set(':?#" <>')


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_stays_text(attack: str) -> None:
    entries = [make_entry(change_texts(SAMPLE, lambda text: attack)), Entry(id=attack, refused=attack)]
    page = Page(render_index([*entries, Entry(id=attack, fault=attack)], attack))
    assert all(link.startswith(("#", "./")) for link in page.links)


def test_what_has_no_report_is_not_linked_and_says_why() -> None:
    entries = [Entry(id="ada", refused="it is no archive."), Entry(id="ben", fault="the server did not start.")]
    page = Page(render_index(entries, "Week 07"))
    assert page.links == ["#main"]
    assert "Refused: it is no archive." in page.text
    assert "Our fault, not graded: the server did not start." in page.text
