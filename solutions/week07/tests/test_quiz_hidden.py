"""Task 6, the hidden checks: one a question, so that each half point stands by itself."""

import tomllib
from pathlib import Path

import pytest
from week07_quiz import read_answers

from grader.checks import fail, not_attempted

ANSWERS = tomllib.loads((Path(__file__).parents[1] / "heldout" / "quiz_answers.toml").read_text(encoding="utf-8"))


def _question(title: str, lesson: str) -> pytest.MarkDecorator:
    return pytest.mark.check(task="quiz", points=0.5, title=title, lesson=f"README.md#{lesson}")


def _require_right(submission, name: str) -> None:
    answer = read_answers(submission.source("quiz.toml"))[name]
    if not answer:
        not_attempted(f"[{name}] has no answer yet.")
    if answer != ANSWERS[name]["answer"]:
        fail(f"[{name}]: there is a better answer.", returned=answer, hint=ANSWERS[name]["hint"])


@_question("Twelve good examples", "when-to-fine-tune")
def test_twelve_examples(submission):
    _require_right(submission, "twelve_examples")


@_question("A voice, at volume", "when-to-fine-tune")
def test_steady_voice(submission):
    _require_right(submission, "steady_voice")


@_question("Facts that change", "when-to-fine-tune")
def test_changing_prices(submission):
    _require_right(submission, "changing_prices")


@_question("The first thing to try", "when-to-fine-tune")
def test_first_try(submission):
    _require_right(submission, "first_try")


@_question("Two curves that part", "pitfalls")
def test_rising_loss(submission):
    _require_right(submission, "rising_loss")


@_question("A loss that stays flat", "pitfalls")
def test_flat_loss(submission):
    _require_right(submission, "flat_loss")


@_question("A voice that cost something", "pitfalls")
def test_lost_knowledge(submission):
    _require_right(submission, "lost_knowledge")


@_question("A model that never stops", "which-tokens-count")
def test_never_stops(submission):
    _require_right(submission, "never_stops")


@_question("A memory that is full", "quantisation")
def test_memory_full(submission):
    _require_right(submission, "memory_full")


@_question("Rank and alpha", "how-lora-works")
def test_rank_and_alpha(submission):
    _require_right(submission, "rank_and_alpha")
