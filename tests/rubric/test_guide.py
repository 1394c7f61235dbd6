"""The rubric as a page: the committed one is what lab.toml says, and it tells nothing that is hidden."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.lab import find_lab
from grader.lab.titles import visible_titles
from grader.rubric.guide import render_guide

PROJECT = Path(__file__).resolve().parents[2]
LAB = find_lab("week07", PROJECT)


def test_retroalimentacion_is_what_lab_toml_says() -> None:
    page = LAB.folder / "retroalimentacion.md"
    made = render_guide(LAB.spec, visible_titles(LAB), LAB.language("es"))
    again = "run `grader rubric week07 --lang es > labs/week07/retroalimentacion.md`"
    assert page.read_text(encoding="utf-8") == made, again


def test_the_command_prints_the_page() -> None:
    printed = CliRunner().invoke(app, ["rubric", "week07"])
    assert printed.exit_code == 0
    assert printed.stdout == render_guide(LAB.spec, visible_titles(LAB), LAB.language("en"))


def test_a_lab_without_criteria_has_no_empty_tables() -> None:
    lab = find_lab("week00", PROJECT)
    page = render_guide(lab.spec, visible_titles(lab), lab.language("en"))
    assert [line for line in page.splitlines() if line.startswith("#")] == ["# Feedback: Warm-Up", "## Tasks"]
    assert "| Two functions that you will need | 80 | 20 | – | 100 |" in page


def test_every_criterion_stands_there_with_its_points_and_the_tasks_sum_to_100() -> None:
    page = render_guide(LAB.spec, visible_titles(LAB), LAB.language("en"))
    for title in [line.title for line in LAB.spec.criteria] + [line.title for line in LAB.spec.manual]:
        assert f"| {title} |" in page
    assert "| Runs a LoRA fine-tuning workflow from end to end | fine_tune leaves a trained adapter; " in page
    assert "1 hidden check | 14 |" in page
    rows = page[page.index("## Tasks") :].splitlines()[4:]
    assert sum(float(row.split("|")[-2]) for row in rows) == 100


@pytest.mark.parametrize("code", ["en", "es"])
def test_no_title_of_a_hidden_check_is_told(code: str) -> None:
    titles = visible_titles(LAB)
    language = LAB.language(code)
    page = render_guide(LAB.spec, titles, language)
    assert set(titles) == {id for task in LAB.spec.tasks for id in LAB.spec.visible_checks([task.name])}
    hidden = "Only the adapter and the tokenizer are left"
    assert hidden not in page
    assert language.texts.get(hidden, hidden) not in page


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    printed = CliRunner().invoke(app, ["rubric", "week07", "--lang", "fr"])
    assert printed.exit_code == 2
    assert "'en', 'es'" in printed.output
