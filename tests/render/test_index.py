import msgspec
import pytest

from grader.render.index import render_index
from tests.render.hostile import ATTACKS
from tests.render.pages import Page
from tests.render.sample import SAMPLE, change_texts


def test_each_submission_is_linked_with_its_score() -> None:
    page = Page(render_index([SAMPLE, SAMPLE], "Week 07"))
    assert page.links[1:] == ["./ada-lovelace/index.html"] * 2
    assert page.text.count("28.5/76") == 2
    assert "2 submissions" in page.text
    assert "Our fault: 1 check not decided." in page.text


NAMES = ["javascript:alert(1)", "//example.org", "a b#c?d", "\ud800", 'x" onclick="y', "../up"]


@pytest.mark.parametrize("name", NAMES)
def test_a_submissions_name_is_never_more_than_a_folders_name(name: str) -> None:
    submission = msgspec.structs.replace(SAMPLE.submission, id=name)
    [_, link] = Page(render_index([msgspec.structs.replace(SAMPLE, submission=submission)], "Week 07")).links
    start, folder, page = link.split("/")
    assert (start, page) == (".", "index.html")
    assert not set(folder) & set(':?#" <>')


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_hostile_text_in_every_field_stays_text(attack: str) -> None:
    page = Page(render_index([change_texts(SAMPLE, lambda text: attack)], attack))
    assert all(link.startswith(("#", "./")) for link in page.links)
