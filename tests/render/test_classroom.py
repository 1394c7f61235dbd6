"""The class page as source: what stands on it, in whose words, and what its policy allows."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from grader.analysis.items import ItemAnalysis
from grader.analysis.mistakes import Cluster, mistake_of
from grader.language import load_language
from grader.render.classroom import Alike, Classroom, Decided, Flag, Row, Similarity, Task, render_classroom
from grader.render.histogram import draw_histogram
from grader.results import Outcome, Result
from grader.similarity.passages import Passage, Place
from tests.render.hostile import ATTACKS
from tests.render.pages import Page
from tests.render.sample import SAMPLE, change_texts


class ClassPage(Page):
    """A class page read back strictly; it may have a search field and a script besides."""

    elements = Page.elements | {"bdi", "input", "label", "output", "script"}
    attributes = Page.attributes | {
        *(
            "for",
            "type",
            "autocomplete",
            "spellcheck",
            "aria-controls",
            "data-sort",
            "data-value",
            "hidden",
            "data-some",
            "data-all",
        ),
    }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "input":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if "script" not in self._open:
            super().handle_data(data)


def classroom(result: Result = SAMPLE, text: str = "") -> Classroom:
    """A class of three with something in every part of the page; `text` stands wherever others wrote."""
    analysis = ItemAnalysis()
    analysis.add(result)
    wrong = next(check for check in result.checks() if check.outcome is Outcome.FAILED)
    mistake = mistake_of(wrong)
    assert mistake is not None
    name = text or result.submission.id
    place = Place(text or "formatting.py", text or "split_pairs", 3, 9, text or "def split_pairs(pairs):\n    pass")
    row = Row(
        name=name,
        student=text or "Ada Lovelace",
        score=result.score,
        max_score=result.max_score,
        tasks=[(task.points, task.max_points) for task in result.tasks],
        training_s=21.4,
        checks_s=9.5,
        next_step=wrong.title,
        faults=[text or "Less than 1 %: the worker died."],
        flags=[Flag(text or "late: 10 off", "late", text or "Handed in 2 d late."), Flag("by hand: 1", "hand")],
    )
    return Classroom(
        title=text or "Fine-Tuning LLMs",
        tasks=[Task(task.name, task.max_points) for task in result.tasks],
        rows=[
            row,
            Row(name=text or "ben", refused=text or "it is no archive."),
            Row(name=text or "cleo", fault=text or "the server did not start."),
        ],
        links={name: "./ada-lovelace/index.html"},
        items=analysis.items,
        clusters=[Cluster(mistake, wrong.title, name, wrong.message, 7)],
        similarity=Similarity([Alike(name, text or "ben", 40, 0.8, 0.25, [Passage(place, place, 40)])], 3, 5),
        decided=[Decided(name, text or "A check", "0", "1/1", text or "Right in spirit.")],
        missing=[text or "Grace Hopper"],
        unclear=[text or "Sam Lee"],
        unlisted=[text or "eve"],
        model=text or "tiny-gpt2 on cpu",
    )


SOURCE = render_classroom(classroom())
PAGE = ClassPage(SOURCE)


def test_everything_can_be_read_without_a_script() -> None:
    for said in (
        *("Our fault: 2 submissions", "1 check not decided. Less than 1 %: the worker died.", "not graded. the server"),
        *("Refused: it is no archive.", "late: 10 off", "Handed in 2 d late.", "by hand: 1", "1 handed in nothing"),
        *("Grace Hopper", "Sam Lee", "never a verdict", "80 % of the first one's own code", "7×", "Right in spirit."),
        *("too few for the correlation", "median", "21 s in all", "tiny-gpt2 on cpu"),
    ):
        assert said in PAGE.text, said
    assert PAGE.text.index("Our fault: 2 submissions") < PAGE.text.index("3 submissions")
    assert '<div class="tools" id="tools" hidden>' in SOURCE


def test_links_lead_to_reports_beside_the_page_and_to_places_on_it() -> None:
    assert set(PAGE.links) == {"./ada-lovelace/index.html"} | {link for link in PAGE.links if link.startswith("#")}
    assert {link[1:] for link in PAGE.links if link.startswith("#")} <= set(PAGE.ids)
    assert len(PAGE.ids) == len(set(PAGE.ids))


def test_the_content_policy_allows_the_pages_own_styles_and_script_and_nothing_else() -> None:
    styles = re.findall(r"<style>(.*?)</style>", SOURCE, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", SOURCE, re.DOTALL)
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', SOURCE)
    digests = [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in styles + scripts]
    assert (len(styles), len(scripts)) == (2, 1)
    assert policy == (
        f"default-src 'none'; style-src {digests[0]} {digests[1]}; script-src {digests[2]}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r" (style|on\w+)=", SOURCE)
    assert "innerHTML" not in scripts[0]
    assert not re.search(r"url\(|https?:|fetch|import", "".join(styles + scripts))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_is_text_on_a_page_of_limited_size(attack: str) -> None:
    source = render_classroom(classroom(change_texts(SAMPLE, lambda text: attack), attack))
    page = ClassPage(source)
    assert all(link.startswith(("#", "./ada-lovelace/")) for link in page.links)
    assert len(source.encode()) < 300_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", source)


def test_a_class_of_nobody_is_a_page() -> None:
    empty = Classroom(title="T", tasks=[], rows=[], links={}, items=[], clusters=[], similarity=None)
    page = ClassPage(render_classroom(empty))
    assert "0 submissions" in page.text
    assert "Scores" not in page.text


def test_the_page_speaks_another_language() -> None:
    source = render_classroom(classroom(), load_language("es"))
    page = ClassPage(source)
    assert '<html lang="es">' in source
    for said in (
        *("Para docentes", "Culpa nuestra: 2 entregas", "Rechazada: it is no archive.", "1 no entregaron nada"),
        *("nunca un veredicto", "el 80 % del código propio", "muy pocas para decirlo", "mediana", "21 s en total"),
    ):
        assert said in page.text, said
    ours = ["submission", "Our fault", "Search", "What next", "Discrimination", "Decided by hand", "on average"]
    assert [word for word in ours if word in page.text] == []
    assert 'data-some="{shown} de {rows} filas coinciden"' in source


def test_hostile_text_is_text_on_a_page_in_another_language() -> None:
    attack = "<script>alert(1)</script> %(count)s {shown}"
    source = render_classroom(classroom(change_texts(SAMPLE, lambda text: attack), attack), load_language("es"))
    assert ClassPage(source).text.count(attack) > 10
    assert source.count("<script>") == 1


def test_a_stopped_batch_says_so_on_its_page() -> None:
    assert "The batch was stopped" in ClassPage(render_classroom(replace(classroom(), finished=False))).text


def test_scores_fall_into_tenths_and_full_marks_into_the_last() -> None:
    drawn = draw_histogram([0.0, 0.099, 0.1, 0.3, 0.95, 1.0])
    assert drawn is not None
    assert [bar.count for bar in drawn.bars] == [2, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert drawn.summary.startswith("6 submissions, mean 40.8 %, median 20 %, standard deviation ")
    assert drawn.held == "0 to 10 %: 2; 10 to 20 %: 1; 30 to 40 %: 1; 90 to 100 %: 2."
    assert draw_histogram([]) is None
