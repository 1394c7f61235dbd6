"""docs/coverage.md: every row of the course's lesson stands there, with files and tests that exist."""

import ast
import inspect
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from grader.lab.folders import PROJECT
from tests.lab.markdown import anchors, sections

PAGE = PROJECT / "docs" / "coverage.md"
README = PROJECT / "labs" / "week07" / "README.md"
TABLE_ROW = re.compile(r"^\| (?!row \|)(?!-)(.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`")

# The lesson's own lists, in its order. A word or two of each entry must stand in its row of the page.
LESSON = {
    "Objectives": ["fine-tuning is", "data sets", "LoRA", "pitfalls", "workflow", "hours"],
    "When to fine-tune": ["style", "100", "prompts", "cost", "50", "changes", "better prompt"],
    "The four steps": [
        *["JSONL", "quality", "balance"],
        *["small", "proven", "speed, cost, licence"],
        *["adapters", "90 %", "faster"],
        *["held-out", "base against tuned", "accuracy, consistency, latency"],
    ],
    "The workflow": ["8 bits", "prepare", "LoRA", "format", "arguments", "train", "save"],
    "Pitfalls": [
        *["overfitting", "epochs", "varied", "0.1"],
        *["forgetting", "rate", "LoRA instead", "general examples"],
        *["convergence", "format", "higher rate", "tokens"],
        *["out of memory", "8 bits", "batches", "checkpointing", "smaller model"],
    ],
    "Defaults": [
        *["rank 8", "alpha", "0.05", "biases"],
        *["2e-4", "3 epochs", "batch size 4", "accumulation", "warm-up", "0.01"],
        *["50 steps", "checkpoints"],
    ],
    "The vital few, and practice": ["100 to 500", "LoRA", "defaults", "loop", "evaluation", "diminishing"],
    "Tools": ["transformers", "PEFT", "datasets", "Accelerate", "Weights & Biases", "bitsandbytes", "TRL", "evaluate"],
    "Models": ["gpt2", "Mistral-7B", "Llama-2-7B", "GPT-3.5-turbo"],
    "Platforms": ["OpenAI", "Claude", "Anyscale"],
    "The exercise": ["20 pairs", "gpt2", "3 epochs", "delivery", "base", "voice", "coherent", "end to end"],
    "Success criteria": ["prompting", "format", "workflow", "compared", "troubleshooting", "exercise"],
    "Pages": ["resources.md", "actividad-interactiva.md", "progreso.md", "project-steps.md", "retroalimentacion.md"],
}


def _rows(text: str) -> list[tuple[str, str, str]]:
    return [(row, where, held) for row, where, held in TABLE_ROW.findall(text)]


def _all_rows() -> list[tuple[str, str, str]]:
    return _rows(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("section", LESSON)
def test_every_row_of_the_lesson_is_there_in_its_order(section: str) -> None:
    rows = [row for row, _, _ in _rows(sections(PAGE)[section])]
    assert len(rows) == len(LESSON[section])
    assert [(word, row) for word, row in zip(LESSON[section], rows, strict=True) if word not in row] == []


def test_no_other_table_is_on_the_page() -> None:
    assert len(_all_rows()) == sum(map(len, LESSON.values()))


def test_every_file_and_section_that_is_named_exists() -> None:
    named = {place for _, where, _ in _all_rows() for place in QUOTED.findall(where)}
    assert named
    for place in named:
        path, _, anchor = place.partition("#")
        assert (PROJECT / path).is_file(), place
        assert not anchor or anchor in anchors(PROJECT / path), place


def test_every_row_is_held_by_a_test_that_exists() -> None:
    for row, where, held in _all_rows():
        tests = QUOTED.findall(held)
        assert tests, row
        assert QUOTED.findall(where), row
        for test in tests:
            path, _, function = test.partition("::")
            assert function in _tests(PROJECT / path), f"{row}: {test}"


@cache
def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_the_tasks_take_the_four_to_five_hours_of_the_lesson() -> None:
    times = re.findall(r"\| (\d+)(?:–(\d+))? min \|", README.read_text(encoding="utf-8"))
    assert len(times) == 6
    assert sum(int(least) for least, _ in times) / 60 == 4
    assert sum(int(most or least) for least, most in times) / 60 == 5


def test_the_defaults_of_a_run_are_the_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROJECT / "solutions" / "week07"))
    try:
        import training

        parameters = inspect.signature(training.make_training_arguments).parameters
    finally:
        for name in ("training", "formatting", "lora_config"):
            sys.modules.pop(name, None)
    defaults = {name: parameters[name].default for name in ("epochs", "batch_size", "learning_rate")}
    assert defaults == {"epochs": 3, "batch_size": 4, "learning_rate": 2e-4}
