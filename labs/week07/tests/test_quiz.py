"""Task 6, the check that students have: ten questions, ten answers. Which are right, the hidden checks know."""

import pytest
from week07_quiz import LETTERS, read_answers

from grader.checks import fail


@pytest.mark.check(
    task="quiz",
    points=1,
    title="Every question has an answer",
    hint='Write one of the letters a, b, c and d between the quotes of each `answer = ""`.',
    lesson="README.md#task-6-quiz",
)
def test_every_question_has_an_answer(submission):
    answers = read_answers(submission.source("quiz.toml"))
    missing = [name for name, answer in answers.items() if not answer]
    if missing:
        fail(f"{len(missing)} of {len(answers)} questions have no answer: {', '.join(missing)}.")
    wrong = [f"{name} ({answer!r})" for name, answer in answers.items() if answer not in LETTERS]
    if wrong:
        fail(f"An answer is one of the letters a, b, c and d; these are not: {', '.join(wrong)}.")
