"""A result in Spanish: our words of it are, a student's are not, and result.json stays as it is."""

import io
import re
from itertools import cycle
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from grader.lab import find_lab
from grader.language import ENGLISH, translate_result
from grader.render.annotations import Located, render_annotations
from grader.render.github import render_summary
from grader.render.html import MOST_BYTES, render_report
from grader.render.terminal import print_result
from grader.results import CheckResult, Example, Outcome, Result, decode, encode
from tests.render.hostile import ATTACKS
from tests.render.pages import Page
from tests.render.sample import SAMPLE, change_texts

PROJECT = Path(__file__).resolve().parents[2]
SPANISH = find_lab("week07", PROJECT).language("es")
GRADED = decode((PROJECT / "reports" / "sample" / "result.json").read_bytes())


def check(outcome: Outcome, message: str, example: Example | None = None) -> CheckResult:
    return CheckResult(
        id="a.b", title="A rank or dropout out of range is refused", outcome=outcome, points=0, max_points=1,
        message=message, example=example,
    )  # fmt: skip


def translated(given: CheckResult) -> CheckResult:
    task = replace(SAMPLE.tasks[0], checks=[given])
    [shown] = translate_result(replace(SAMPLE, tasks=[task]), SPANISH).checks()
    return shown


def test_titles_and_messages_of_ours_are_translated() -> None:
    shown = translated(check(Outcome.FAILED, "Every label is -100: nothing is left to learn."))
    assert shown.title == "Un rango o un dropout fuera de límites se rechaza"
    assert shown.message == "Todas las etiquetas son -100: no queda nada que aprender."


def test_the_section_to_read_is_that_of_the_spanish_lesson_where_it_is_known() -> None:
    given = check(Outcome.FAILED, "")
    assert translated(replace(given, lesson="README.md#the-template")).lesson == "README.es.md#la-plantilla"
    assert translated(replace(given, lesson="README.md#unknown")).lesson == "README.md#unknown"


def test_what_a_students_code_raised_stays_though_it_reads_like_ours() -> None:
    example = Example(call="f()", returned="'Every check passes.'", traceback="a.py, line 1, in f\n    raise\n")
    shown = translated(check(Outcome.ERRORED, "There was no training run.", example))
    assert shown.message == "There was no training run."
    assert shown.example == example


def test_of_a_module_that_cannot_be_imported_only_our_words_are_translated() -> None:
    said = "ValueError: There was no training run."
    example = Example(call="", traceback=f"quiz.py, line 1, in <module>\n    raise\n{said}")
    shown = translated(check(Outcome.ERRORED, f"formatting.py cannot be imported: {said}", example))
    assert shown.message == f"formatting.py no se puede importar: {said}"
    assert shown.example == example


def test_what_a_stub_says_of_itself_is_translated() -> None:
    shown = translated(check(Outcome.NOT_ATTEMPTED, "task 1.3: the prompt, then the output"))
    assert shown.message == "tarea 1.3: el prompt, y después la salida"
    own = translated(check(Outcome.NOT_ATTEMPTED, "I will write this on Monday"))
    assert own.message == "I will write this on Monday"


def test_how_it_was_graded_is_told_in_the_language() -> None:
    page = Page(render_report(GRADED, SPANISH)).text
    about = page[page.index("Cómo se evaluó", page.index("Confinamiento") - 3000) :]
    assert "espacios de nombres, montajes, landlock, seccomp, límites de recursos, no_new_privs" in about
    assert all(label in about for label in ("Evaluador", "Plataforma", "Núcleos", "Bibliotecas"))
    assert "packages" not in about


def test_a_process_that_died_is_told_of_in_the_language() -> None:
    said = "The process that ran your code was killed by signal 9 (SIGKILL); most often that means too much memory."
    shown = translated(check(Outcome.ERRORED, said))
    assert shown.message.startswith("El proceso que ejecutaba tu código fue terminado por la señal 9 (SIGKILL); casi")


def test_samples_history_and_calls_are_untouched() -> None:
    shown = translate_result(GRADED, SPANISH)
    assert shown.training is not None
    assert GRADED.training is not None
    assert (shown.training.samples, shown.training.history) == (GRADED.training.samples, GRADED.training.history)
    assert [given.example for given in shown.checks()] == [given.example for given in GRADED.checks()]
    assert (shown.score, shown.max_score, shown.submission) == (GRADED.score, GRADED.max_score, GRADED.submission)


def test_english_is_the_very_result() -> None:
    assert translate_result(GRADED, ENGLISH) is GRADED


def test_nothing_of_ours_is_left_in_english_in_a_graded_report() -> None:
    assert GRADED.training is not None
    ours = [text for given in GRADED.checks() for text in (given.title, given.hint) if text]
    ours += [line.criterion for line in GRADED.rubric]
    ours += [measure.title for measure in GRADED.training.measurements.values()]
    known = [text for text in ours if text in SPANISH.texts]
    assert len(known) > 0.8 * len(ours)  # the sample was graded on another day, by checks that may say it otherwise now
    shown = Page(render_report(GRADED, SPANISH)).text
    assert [text for text in known if len(text) > 20 and text in shown] == []
    assert "What next" not in shown


def test_a_report_says_its_language_and_its_json_does_not_change() -> None:
    before = encode(GRADED)
    assert '<html lang="es">' in render_report(GRADED, SPANISH)
    assert '<html lang="en">' in render_report(GRADED)
    assert encode(GRADED) == before


def test_terminal_summary_and_annotations_speak_it_too() -> None:
    stream = io.StringIO()
    print_result(GRADED, Console(file=stream, width=100), SPANISH)
    assert "Empieza por aquí" in stream.getvalue()
    assert "### Qué sigue" in render_summary(GRADED, language=SPANISH)
    assert "Pista: " in render_annotations([Located(GRADED, {})], language=SPANISH).replace("%3A", ":")
    assert "What next" in render_summary(GRADED)


def hostile() -> Result:
    """The sample with another attack in each of its texts, and some of them inside sentences of ours."""
    attacks = cycle(
        [*ATTACKS.values(), "%(count)s %s {message} {0} {{", "fine_tune raised <b>: <script>alert(1)</script>"]
    )
    changed = change_texts(SAMPLE, lambda _: next(attacks))
    assert changed.training is not None
    message = f"fine_tune raised {ATTACKS['script']}: {ATTACKS['escape codes']}{ATTACKS['nul']}"
    return replace(changed, training=replace(changed.training, outcome=Outcome.FAILED, message=message))


def test_hostile_text_is_text_in_spanish_too() -> None:
    source = render_report(hostile(), SPANISH)
    assert len(source.encode()) <= MOST_BYTES
    page = Page(source)
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", source)
    assert "fine_tune lanzó <script>document.title='owned'</script>: \\x1b[2J" in page.text
    assert "%(count)s %s {message} {0} {{" in page.text


@pytest.mark.parametrize("attack", ["%(most)s", "{points}", "<strong>%(model)s</strong>", "&lt;b&gt;"])
def test_a_placeholder_in_a_students_text_is_never_filled(attack: str) -> None:
    page = Page(render_report(change_texts(SAMPLE, lambda _: attack), SPANISH))
    assert page.text.count(attack) > 20


def test_a_terminal_in_spanish_obeys_no_text() -> None:
    stream = io.StringIO()
    print_result(hostile(), Console(file=stream, width=80), SPANISH)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", stream.getvalue())
    assert not any(line.strip().startswith("::") or "##[" in line for line in stream.getvalue().splitlines())
