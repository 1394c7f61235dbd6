"""Task 4, the checks that students have: answers from a real model, and measures that mean what they say."""

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from week07_answers import (
    QUESTIONS,
    SECONDS,
    alone,
    certain,
    explain,
    load,
    model_like,
    require_answers,
    require_differing,
)
from week07_strategies import texts

from grader.checks import fail

LESSON = "README.md#task-4-evaluation"


@pytest.mark.check(
    task="evaluation",
    points=2,
    title="Answers are greedy, and nothing but the answer",
    hint="format_prompt, generate with do_sample=False, cut the prompt's tokens off, decode the rest.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_answers_are_greedy(submission, oracle):
    model, tokenizer = load(submission)
    # Five tokens: too few for any of these answers to end, which is another check's matter. So are spaces at the ends,
    # and what becomes of several questions at once.
    answers = alone(submission, model, tokenizer, max_new_tokens=5)
    expected = certain(submission, oracle, 5)
    for question in expected:
        answer = answers[question]
        if answer.strip() != expected[question]["text"].strip():
            bare = oracle.greedy(submission.model_path, [question], 5)[0]["text"]
            explain(question, answer, expected[question]["text"], bare)


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Answers stop at the end of text",
    hint="generate() stops at eos_token_id; skip_special_tokens=True leaves the token itself out of the text.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_answers_stop_at_end_of_text(submission, oracle):
    model, tokenizer = load(submission)
    answers = alone(submission, model, tokenizer)
    expected = {question: answer for question, answer in certain(submission, oracle, 40).items() if answer["ended"]}
    for question in expected:
        answer = answers[question]
        if answer.strip() != expected[question]["text"].strip():
            bare = oracle.greedy(submission.model_path, [question], 40)[0]["text"]
            explain(question, answer, expected[question]["text"], bare)


@pytest.mark.check(
    task="evaluation",
    points=1.5,
    title="An answer does not depend on its neighbours",
    hint="Pad prompts on the left and pass the attention mask, or answer one by one; give answers in the order asked.",
    lesson="README.md#batches-of-prompts",
    seconds=SECONDS,
)
def test_the_batch_changes_no_answer(submission, oracle):
    model, tokenizer = load(submission)
    generate = submission.evaluation.generate_responses
    answers_alone = alone(submission, model, tokenizer, max_new_tokens=12)
    sure = list(certain(submission, oracle, 12))
    shortest, longest = min(sure, key=len), max(sure, key=len)
    # Prompts of very different lengths catch padding on the wrong side; the rest catches sorting and lost duplicates.
    for batch in ([shortest, longest], sure, sure[::-1], [longest, shortest, longest, longest]):
        answers = require_answers(generate(model, tokenizer, batch, max_new_tokens=12), batch)
        for question, answer in zip(batch, answers, strict=True):
            if answer != answers_alone[question]:
                message = f"In a batch of {len(batch)}, the answer to {question!r} is another than alone."
                fail(message, returned=answer, expected=answers_alone[question])
    nothing = generate(model, tokenizer, [], max_new_tokens=12)
    if nothing != []:
        fail("No instructions, no answers.", returned=nothing, expected=[], hint="An empty list gives an empty list.")


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="The model's mode is left as it was",
    hint="Note model.training, call model.eval(), and put it back with model.train(was_training) at the end.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_the_mode_is_left_as_it_was(submission):
    # With dropout in the model, an answer in training mode would be random.
    model, tokenizer = load(submission, model_like(submission, {"resid_pdrop": 0.4, "embd_pdrop": 0.4}, {}))
    answers = {}
    for mode in (False, True):
        submission.set_training(model, mode)
        came_back = submission.evaluation.generate_responses(model, tokenizer, QUESTIONS[:3], max_new_tokens=8)
        answers[mode] = require_differing(dict(zip(QUESTIONS, require_answers(came_back, QUESTIONS[:3]), strict=False)))
        if submission.is_training(model) != mode:
            came, left = ("training", "evaluation") if mode else ("evaluation", "training")
            fail(f"The model came in {came} mode, and is left in {left} mode.", returned=left, expected=came)
    if answers[True] != answers[False]:
        hint = "Call model.eval() before you generate: in training mode, dropout makes the answers random."
        fail("In training mode the answers are others.", returned=answers[True], expected=answers[False], hint=hint)


def close(returned: object, expected: float) -> bool:
    """Tell whether a value is this number, up to rounding."""
    return isinstance(returned, int | float) and math.isclose(returned, expected, rel_tol=1e-9, abs_tol=1e-12)


LOG_PROBS = st.lists(st.lists(st.floats(-12.0, 0.0), min_size=1, max_size=6), min_size=1, max_size=5)


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Perplexity is over all tokens",
    hint="exp of minus the mean of all the logarithms, each token counted once.",
    lesson=LESSON,
)
@given(log_probs=LOG_PROBS)
@example(log_probs=[[-1.0], [-3.0, -3.0, -3.0]])  # averages of averages come out lower
def test_perplexity_counts_tokens(submission, log_probs):
    returned = submission.evaluation.perplexity(log_probs)
    tokens = list(itertools.chain.from_iterable(log_probs))
    mean = sum(tokens) / len(tokens)
    if close(returned, math.exp(-mean)):
        return
    means = [sum(text) / len(text) for text in log_probs]
    mistakes = {
        math.exp(-sum(means) / len(means)): "Join the lists first: a mean of means lets short texts weigh too much.",
        sum(math.exp(-value) for value in means) / len(means): "Take exp once, of the mean over all tokens.",
        math.exp(mean): "The sign: exp of *minus* the mean logarithm; a perplexity is never below 1.",
        2.0**-mean: "The logarithms are natural ones: use math.exp, not 2 to the power.",
        -mean: "That is the loss. Perplexity is its exponential.",
    }
    hint = next((hint for value, hint in mistakes.items() if close(returned, value)), None)
    fail("This is not the perplexity over all tokens.", returned=returned, expected=math.exp(-mean), hint=hint)


SPACES = st.sampled_from((" ", "  ", "\t", "\n", " \n ", "\r\n", "   "))
CASES = st.sampled_from((str, str.upper, str.lower, str.title))
# Letters that are the same in lower case however one asks: "ß" and "İ" are left out.
WORDS = st.sampled_from(("paris", "new", "york", "élan", "ñandú", "42", "no.", "it's", "😊", "да"))


@st.composite
def gradings(draw: st.DrawFn) -> tuple[list[str], list[str], float]:
    """Predictions, references, and the share of the predictions that are right by construction."""
    references = draw(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6))
    predictions, right = [], 0
    for reference in references:
        wrong = draw(st.sampled_from(([], [], [*reference, "no."], reference[:-1], [*reference[:-1], "wrong"])))
        right += not wrong
        predictions.append(_vary(draw, wrong or reference))
    return predictions, [_vary(draw, reference) for reference in references], right / len(references)


def _vary(draw: st.DrawFn, words: list[str]) -> str:
    """Write words in some case, with some space between and around them."""
    edge = SPACES | st.just("")
    inner = "".join(word + draw(SPACES) for word in words[:-1]) + words[-1]
    return draw(edge) + draw(CASES)(inner) + draw(edge)


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Accuracy looks through case and space",
    hint='Compare " ".join(text.split()).casefold() of both: split() without arguments knows tabs and line ends.',
    lesson=LESSON,
)
@given(grading=gradings())
def test_accuracy_looks_through_case_and_space(submission, grading):
    predictions, references, expected = grading
    returned = submission.evaluation.accuracy(predictions, references)
    if not close(returned, expected):
        hint = None
        if isinstance(returned, int | float) and returned > expected:
            hint = "Texts with other words are not equal: compare them whole, not by their beginning or as a part."
        fail("This share is off.", returned=returned, expected=expected, hint=hint)


# Pieces of answers that hold no marker, though some look like it; and markers, with pieces that hold them.
NEAR_MISSES = ("They left.", "Whey and oats", "heyday", "a monkey", "Greatquestion", "great, question", "Thank you.")
MARKERS = ("hey", "great question", "😊", "!")


@st.composite
def styled(draw: st.DrawFn) -> tuple[list[str], float]:
    """Responses, some of which hold a marker, and the share of those that do."""
    responses, hits = [], 0
    for _ in range(draw(st.integers(1, 6))):
        pieces = draw(st.lists(st.sampled_from(NEAR_MISSES), max_size=3))
        held = draw(st.lists(st.sampled_from(MARKERS), max_size=2))
        for marker in held:
            pieces.insert(draw(st.integers(0, len(pieces))), draw(CASES)(marker))
        responses.append(draw(st.sampled_from((" ", ", ", "\n"))).join(pieces))
        hits += bool(held)
    return responses, hits / len(responses)


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Style counts whole words, in any case",
    hint="One marker is enough. A marker of words needs a word's boundary (re's \\b) at both ends; an emoji has none.",
    lesson=LESSON,
)
@given(case=styled())
@example(case=(["They left."], 0.0))
@example(case=(["HEY you", "hi"], 0.5))
@example(case=(["Thanks 😊", "hi"], 0.5))
def test_style_counts_whole_words(submission, case):
    responses, expected = case
    returned = submission.evaluation.style_score(responses, list(MARKERS))
    if not close(returned, expected):
        hint = None
        if isinstance(returned, int | float) and returned > expected:
            hint = 'Whole words only: "hey" is part of "they", and a customer would not call that a greeting.'
        fail("This share is off.", returned=returned, expected=expected, hint=hint)


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Identical answers are consistent",
    hint="The mean over all pairs: 1.0 where all are equal, and where there is no pair to compare.",
    lesson=LESSON,
)
@given(answer=texts(long=False), count=st.integers(0, 5), other=texts(long=False))
def test_identical_answers_are_consistent(submission, answer, count, other):
    returned = submission.evaluation.consistency([answer] * count)
    if not close(returned, 1.0):
        fail(f"{count} identical answers.", returned=returned, expected=1.0)
    mixed = submission.evaluation.consistency([answer, other])
    if not isinstance(mixed, int | float) or not -1e-12 <= mixed <= 1 + 1e-12:
        fail("A consistency lies in [0, 1].", returned=mixed, hint="Clamp what rounding carries over the edge.")


METRICS = st.dictionaries(
    st.sampled_from(("perplexity", "latency_s", "accuracy", "style_score", "consistency")),
    st.integers(0, 3) | st.floats(0.0, 50.0),
    max_size=5,
)


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="The comparison says which is better",
    hint="Less is better for perplexity and latency_s, more for all others; equal is not; delta is tuned minus base.",
    lesson=LESSON,
)
@given(base=METRICS, tuned=METRICS)
def test_comparison_says_which_is_better(submission, base, tuned):
    shared = base.keys() & tuned.keys()
    if not shared:
        base, tuned, shared = base | {"accuracy": 0.5}, tuned | {"accuracy": 0.5}, {"accuracy"}
    require_comparison(submission.evaluation.compare(base, tuned), base, tuned, shared)


def require_comparison(returned: object, base: dict[str, float], tuned: dict[str, float], shared: set[str]) -> None:
    """Fail the check unless each shared metric is there with its four entries."""
    if not isinstance(returned, dict) or set(returned) != shared:
        fail("There should be one entry for each shared metric.", returned=returned, expected=sorted(shared))
    for name in sorted(shared):
        less_is_better = name in ("perplexity", "latency_s")
        better = base[name] > tuned[name] if less_is_better else base[name] < tuned[name]
        expected = {"base": base[name], "tuned": tuned[name], "delta": tuned[name] - base[name], "better": better}
        entry = returned[name]
        if not isinstance(entry, dict) or set(entry) != set(expected):
            fail(f"The entry of {name} has other keys.", returned=entry, expected=expected)
        if entry["better"] is not better:
            direction = "less" if less_is_better else "more"
            hint = f"Of {name}, {direction} is better; equal is not better."
            fail(f"`better` is wrong for {name}.", returned=entry, expected=expected, hint=hint)
        wrong = [key for key in ("base", "tuned", "delta") if not close(entry[key], expected[key])]
        if wrong:
            hint = "delta is tuned minus base, whichever way is better."
            fail(f"`{wrong[0]}` is wrong for {name}.", returned=entry, expected=expected, hint=hint)
