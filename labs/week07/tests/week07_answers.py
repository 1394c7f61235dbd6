"""The bundled model's own answers, worked out token by token, and what is wrong with answers that differ from them."""

import json

from week07_expected import end_id, prompt_text, token_ids
from week07_runs import model_files, place

from grader.checks import fail

QUESTIONS = [
    "How do I return an item?",
    "I can't remember my password.",
    "What is your shipping policy?",
    "Do you ship to Peru?",
    "😊",
    "Is it free?\n\nI hope so.",
    "Can I pay by card? I have lost my wallet, my phone, my keys and the receipt, and I am far from home today.",
]
SURE = 1e-3  # logits: below such a lead of the likeliest token, rounding decides, and right programs may differ
SECONDS = 60  # for one call: a cold model takes its time

Answer = dict[str, object]


def load(submission, folder: str | None = None):
    """Return a model and its tokenizer, as handles."""
    path = folder or submission.model_path
    return submission.load_model(path), submission.load_tokenizer(path)


def certain(submission, oracle, max_new_tokens: int) -> dict[str, Answer]:
    """Return the greedy answers by question, without those in which a near-tie leaves two answers right."""
    prompts = [prompt_text(question) for question in QUESTIONS]
    answers = oracle.greedy(submission.model_path, prompts, max_new_tokens)
    return {question: answer for question, answer in zip(QUESTIONS, answers, strict=True) if answer["margin"] > SURE}


def alone(submission, model, tokenizer, **settings: object) -> dict[str, str]:
    """Return the student's answers by question, each asked by itself.

    Ask before working out what is expected: a function that is not written yet shall not wait for that.
    """
    generate = submission.evaluation.generate_responses
    return require_differing(
        {q: require_answers(generate(model, tokenizer, [q], **settings), [q])[0] for q in QUESTIONS}
    )


def require_differing(answers: dict[str, str]) -> dict[str, str]:
    """Return the answers by question, or fail the check where all are the same: the model's own are not."""
    if len(set(answers.values())) == 1:
        same = next(iter(answers.values()))
        fail("Every question gets the same answer.", returned=same, hint="The answers are the model's: call generate.")
    return answers


def require_answers(returned: object, questions: list[str]) -> list[str]:
    """Return the answers, or fail the check unless there is one text a question."""
    if not isinstance(returned, list) or not all(isinstance(answer, str) for answer in returned):
        fail(
            "generate_responses should return a list of texts.", returned=returned, hint="tokenizer.decode makes texts."
        )
    if len(returned) != len(questions):
        fail("There should be one answer an instruction.", returned=len(returned), expected=len(questions))
    return returned


def explain(question: str, answer: str, expected: str, unprompted: str) -> None:
    """Fail the check with what most likely went wrong; `unprompted` answers the bare question, without the template."""
    shown = {"returned": answer, "expected": expected}
    if prompt_text(question) in answer or answer.startswith(question):
        hint = "generate() returns the prompt and the answer: cut the prompt off by its number of tokens, then decode."
        fail("The answer still holds the prompt.", hint=hint, **shown)
    if "<|" in answer:
        fail("The answer holds special tokens.", hint="Decode with skip_special_tokens=True.", **shown)
    if answer == unprompted:
        hint = "Put each instruction through format_prompt: the model was tuned on that text, and answers it."
        fail("The answer is that to the bare instruction, without the template.", hint=hint, **shown)
    if expected and answer.endswith(expected):
        hint = "Cut the prompt off by its number of tokens, and then decode: characters will not do."
        fail("Something of the prompt still stands before the answer.", hint=hint, **shown)
    if expected and answer.startswith(expected):
        hint = "End the answer at tokenizer.eos_token_id, or after max_new_tokens; max_length counts the prompt too."
        fail("The answer goes on after its end.", hint=hint, **shown)
    if expected.startswith(answer):
        hint = "max_new_tokens counts the answer alone. max_length would count the prompt too."
        fail("The answer stops too early.", hint=hint, **shown)
    hint = "Take the likeliest token at each place: do_sample=False, one beam, no penalties, dropout off."
    fail("This is not the greedy answer.", hint=hint, **shown)


def model_like(submission, config: dict[str, object], generation: dict[str, object]) -> str:
    """Make a copy of the bundled model with other settings, and return its folder's path."""
    files = model_files(submission)
    for name, changes in (("config.json", config), ("generation_config.json", generation)):
        files[name] = json.dumps(json.loads(files.get(name, b"{}")) | changes).encode()
    return place(submission, files)


def teach(submission, model, question: str, answer: str, *, ends: bool = True) -> None:
    """Train a model until it gives this answer and no other; a trusted probe does it, not the submission's code."""
    prompt, response = (token_ids(submission.model_path, text) for text in (prompt_text(question), answer))
    learnt = [*response, end_id(submission.model_path)] if ends else response
    ids = prompt + learnt
    batch = {"input_ids": [ids], "attention_mask": [[1] * len(ids)], "labels": [[-100] * len(prompt) + learnt]}
    for _ in range(10):
        submission.train_steps(model, [batch] * 15, 5e-4)
        rows = submission.logits(model, ids[:-1])[len(prompt) - 1 :]
        if all(_lead(row, token) > SURE for row, token in zip(rows, learnt, strict=True)):
            return
    raise RuntimeError("the tiny model did not learn a sentence in 150 steps")


def _lead(row: list[float], token: int) -> float:
    """Return by how much a token's logit is above the largest of the others'."""
    return row[token] - max(row[:token] + row[token + 1 :])
