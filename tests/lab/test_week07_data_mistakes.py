"""A damaged or careless data file or quiz loses the check about its mistake, and is told where it is."""

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import ROOT, Mistake, grade_mistakes, require_found

_LINES = (ROOT / "solutions/week07/data/train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
_FIRST, _FIFTH = _LINES[0], _LINES[4]
_EXAMPLE = (ROOT / "labs/week07/data/examples.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[0]
_RELEASED = (ROOT / "labs/week07/data/train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[0]


def _row(line: str, old: str, new: str, check: str, says: str) -> Mistake:
    return Mistake(f"{check}: {says}", "data/train.jsonl", ((line, line.replace(old, new)),), f"data.{check}", says)


def _quiz(name: str, old: str, new: str, check: str, says: str) -> Mistake:
    return Mistake(name, "quiz.toml", ((old, new),), f"quiz.{check}", says)


_EVERYTHING = "".join(_LINES)
_TERSE = "".join(f'{{"input": "Question {n}?", "output": "Yes, {n}."}}\n' for n in range(20))
_ALIKE = "".join(f'{{"input": "Question {n}?", "output": "Dear green thumb, yes."}}\n' for n in range(20))

MISTAKES = [
    _row(_FIFTH, '"}', '"},', "file_loads", "line 5 is not JSON"),
    _row(_FIFTH, "Dear", "\udcff", "file_loads", "line 5 is not UTF-8"),
    _row(_FIFTH, '"output"', '"answer"', "file_loads", "line 5: 'output'"),
    _row(_FIFTH, _FIFTH, '["a", "b"]\n', "file_loads", "line 5 is no object"),
    _row(_FIFTH, _FIFTH, "[" * 5000 + "\n", "file_loads", "line 5 is not JSON"),
    _row("".join(_LINES[:5]), "".join(_LINES[:5]), "", "twenty_pairs", "1 more"),
    _row(_FIRST, _FIRST, _EXAMPLE, "pairs_are_your_own", "came with the lab: 1"),
    _row(_FIRST, _FIRST, _RELEASED, "pairs_are_your_own", "came with the lab: 1"),
    _row(_FIRST, _FIRST, _FIRST + _FIRST, "audit_finds_nothing", "duplicate_pair: lines 1, 2"),
    _row(_FIRST, _FIRST, _FIRST.replace("forgives", "bears") + _FIRST, "audit_finds_nothing", "conflicting_outputs"),
    _row(_FIFTH, "Dear", "### Response: Dear", "audit_finds_nothing", "leaked_template: line 5"),
    _row(_EVERYTHING, _EVERYTHING, _ALIKE, "audit_finds_nothing", "unbalanced"),
    _row(_EVERYTHING, _EVERYTHING, _TERSE, "answers_carry_a_voice", "fewer than 20 characters"),
    _row(_FIFTH, "Dear", "very " * 300, "pairs_fit_the_model", "line 5"),
]

QUIZ = [
    _quiz("a wrong answer", 'answer = "b"', 'answer = "a"', "twelve_examples", "Below about 50 examples"),
    _quiz("no quotes", 'answer = "b"', "answer = b", "every_question_has_an_answer", "line 1"),
    _quiz("a word", 'answer = "b"', 'answer = "b)"', "every_question_has_an_answer", "one of the letters"),
    _quiz("a list", 'answer = "b"', "answer = ['b']", "every_question_has_an_answer", "one letter in quotes"),
    _quiz("an answer missing", 'answer = "b"', 'answer = ""', "every_question_has_an_answer", "twelve_examples"),
    _quiz("a question missing", "[twelve_examples]", "[twelve]", "every_question_has_an_answer", "twelve_examples"),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes([*MISTAKES, *QUIZ], tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("mistake", [*MISTAKES, *QUIZ], ids=lambda mistake: mistake.name)
def test_a_careless_file_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    require_found(mistake, verdicts[mistake.name])
