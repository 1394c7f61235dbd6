"""A batch's reports in another language: written anew, and nothing graded again for it."""

from pathlib import Path

from grader.batch.books import Absences
from grader.batch.classpage import Graded, build_classroom
from grader.batch.journal import Journal, Member, Settings
from grader.batch.names import RealNames
from grader.batch.settings import Asked, settings_of, settle_terms
from grader.lab import find_lab

LAB = find_lab("week00", Path(__file__).resolve().parents[2])


def test_another_language_makes_other_pages_and_the_same_grades(tmp_path: Path) -> None:
    before = settle_terms(Asked(LAB, seed=1, lang="en"), None, tmp_path)
    kept = settings_of(before, finished=True)
    again = settle_terms(Asked(LAB, seed=1, lang="en"), kept, tmp_path)
    spanish = settle_terms(Asked(LAB, seed=1, lang="es"), kept, tmp_path)
    assert (again.same_pages, spanish.same_pages) == (True, False)
    assert spanish.language.texts["Warm-Up"] == "Calentamiento"
    assert spanish.check_facts("0") == again.check_facts("0")
    assert spanish.sources == again.sources


def test_the_labs_own_language_counts_where_none_is_asked_for(tmp_path: Path) -> None:
    spec = LAB.spec.model_copy(update={"language": "es"})
    ours = type(LAB)(spec, LAB.folder, LAB.solutions)
    assert settle_terms(Asked(ours, seed=1), None, tmp_path).language.code == "es"
    assert settle_terms(Asked(ours, seed=1, lang="en"), None, tmp_path).language.code == "en"


def test_a_refusal_is_told_in_the_class_pages_language(tmp_path: Path) -> None:
    refused = Member(
        id="ben", student="ben", attempt=1, refused="'x.zip' is encrypted; pack it again without a password."
    )
    settings = Settings(lab=LAB.name, title=LAB.spec.title, seed=1, model="tiny-gpt2", device="cpu")
    graded = Graded(tmp_path, Journal(tmp_path), settings, [refused], Absences(), language=LAB.language("es"))
    [row] = build_classroom(graded, RealNames()).rows
    assert row.refused == "'x.zip' está cifrado; empaquétalo otra vez sin contraseña."
