"""Task 4, the hidden checks: answers at their edges, numbers at theirs, and texts from all over the world."""

import math
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from week07_answers import QUESTIONS, SECONDS, certain, explain, load, model_like, require_answers, teach
from week07_strategies import fields, texts

from grader.checks import fail, words

LESSON = "README.md#task-4-evaluation"


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Answers are not stripped",
    hint="Return the text as it was decoded, spaces and line ends included: what is measured is what the model wrote.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_answers_are_not_stripped(submission):
    model, tokenizer = load(submission)
    question, expected = "Where is my order?", "  On its way. \n"
    teach(submission, model, question, expected)
    returned = submission.evaluation.generate_responses(model, tokenizer, [question])
    answer = require_answers(returned, [question])[0]
    if answer != expected:
        if answer.strip() == expected.strip():
            fail("Space around the answer was taken off.", returned=answer, expected=expected)
        explain(question, answer, expected, unprompted="")


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="max_new_tokens is the limit, and 40 by default",
    hint="Pass max_new_tokens on to generate() under that name; max_length would count the prompt's tokens too.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_max_new_tokens_is_the_limit(submission, oracle):
    generate = submission.evaluation.generate_responses
    model, tokenizer = load(submission)
    for limit in (1, 2, 6):
        answers = require_answers(generate(model, tokenizer, QUESTIONS, max_new_tokens=limit), QUESTIONS)
        returned = dict(zip(QUESTIONS, answers, strict=True))
        for question, expected in certain(submission, oracle, limit).items():
            if returned[question].strip() != expected["text"].strip():
                explain(question, returned[question], expected["text"], unprompted="")
    forty = " ".join(["the"] * 40)  # one token a word
    teach(submission, model, QUESTIONS[0], " the" * 60, ends=False)
    answer = generate(model, tokenizer, QUESTIONS[:1])[0]
    if answer.strip() != forty:
        fail(f"Without max_new_tokens, {len(answer.split())} tokens came.", returned=answer, expected=forty)


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="A model's own sampling settings do not matter",
    hint="Say do_sample=False yourself: the settings that come with Llama 2, for one, ask generate() to sample.",
    lesson=LESSON,
    seconds=SECONDS,
)
def test_own_sampling_settings_do_not_matter(submission, oracle):
    sampling = {"do_sample": True, "temperature": 3.0, "top_k": 50}
    model, tokenizer = load(submission, model_like(submission, {}, sampling))
    returned = submission.evaluation.generate_responses(model, tokenizer, QUESTIONS, max_new_tokens=6)
    answers = dict(zip(QUESTIONS, require_answers(returned, QUESTIONS), strict=True))
    for question, expected in certain(submission, oracle, 6).items():
        if answers[question].strip() != expected["text"].strip():
            message = "The model's generation settings made it sample."
            fail(message, returned=answers[question], expected=expected["text"])


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Perplexity at its edges",
    hint="Infinity where exp overflows, ValueError where there is no token, and texts without tokens count nothing.",
    lesson=LESSON,
)
@given(tokens=st.lists(st.floats(-5.0, 0.0), min_size=1, max_size=4), places=st.lists(st.integers(0, 1), max_size=3))
def test_perplexity_at_its_edges(submission, tokens, places):
    perplexity = submission.evaluation.perplexity
    too_large = perplexity([[-1e4, -1e6], [-2e4]])
    if too_large != math.inf:
        hint = "math.exp raises OverflowError above about 709: return math.inf there, and cap nothing."
        fail("A perplexity too large for a float is infinity.", returned=too_large, expected=math.inf, hint=hint)
    for nothing in ([], [[]], [[], []]):
        try:
            returned = perplexity(nothing)
        except ValueError:
            continue
        except (ZeroDivisionError, IndexError) as error:
            kind = type(error).__name__
            fail(
                f"Without a token, a ValueError should come; what came is {kind}: {error}.",
                hint="Look for tokens before dividing.",
            )
        fail("Without a token there is no perplexity.", returned=returned, expected=words("ValueError"))
    padded = [tokens]
    for place in places:
        padded.insert(place, [])
    returned, expected = perplexity(padded), math.exp(-sum(tokens) / len(tokens))
    if not math.isclose(returned, expected, rel_tol=1e-9):
        fail("A text without tokens should count nothing.", returned=returned, expected=expected)


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Accuracy at its edges",
    hint="0.0 for two empty lists, ValueError where one is longer: zip would drop the rest without a word.",
    lesson=LESSON,
)
@given(
    words=st.lists(st.sampled_from(("yes", "no", "Paris")), max_size=4), extra=st.integers(1, 3), longer=st.booleans()
)
def test_accuracy_at_its_edges(submission, words, extra, longer):
    accuracy = submission.evaluation.accuracy
    assert accuracy([], []) == 0.0
    assert accuracy(["yes"] * 300, ["yes", "no", "no"] * 100) == pytest.approx(1 / 3)
    lists = (words + ["no"] * extra, words) if longer else (words, words + ["no"] * extra)
    try:
        returned = accuracy(*lists)
    except ValueError:
        pass
    else:
        fail(f"{len(lists[0])} predictions, {len(lists[1])} references: a ValueError should come.", returned=returned)
    joined = accuracy(["new york", "ice cream", "a.b"], ["newyork", "icecream", "a b"])
    if joined != 0.0:
        hint = "A run of spaces counts as one, not as none; punctuation counts."
        fail("Texts with other words are not equal.", returned=joined, expected=0.0, hint=hint)


# (markers, response, does it hold one): written out, since a second program would share the first one's mistakes.
STYLES = [
    (["olé"], "Vamos, OLÉ amigos", True),
    (["olé"], unicodedata.normalize("NFD", "¡Olé!"), True),
    ([unicodedata.normalize("NFD", "olé")], "olé", True),
    # "ole" and a combining accent are one letter in NFC, and then another word
    (["ole"], unicodedata.normalize("NFD", "olé amigos"), False),
    (["привет"], "ПРИВЕТ, друг", True),
    (["привет"], "приветствие", False),
    (["über"], "überall", False),
    (["uber"], "über alles", False),
    (["fair winds"], "Fair Winds, sailor", True),
    (["fair winds"], "unfair winds", False),
    (["😊"], "Hi😊you", True),
    (["⚓"], "Ahoy!⚓⚓", True),
    (["⚓"], "Ahoy!", False),
    (["!"], "wow!wow", True),
    (["..."], "well... yes", True),
    (["שלום"], "שלום לך", True),
    (["hey", "⚓"], "no markers in here", False),
]


@pytest.mark.check(
    task="evaluation",
    points=1,
    title="Style reads every script and every emoji",
    hint="Normalise markers and responses to NFC, ignore case, ask for a word's boundary only where a word ends.",
    lesson=LESSON,
)
@given(cases=st.lists(st.sampled_from(STYLES), min_size=1, max_size=1))
def test_style_reads_every_script(submission, cases):
    [(markers, response, held)] = cases
    returned = submission.evaluation.style_score([response], markers)
    if returned == float(held):
        return
    if unicodedata.normalize("NFC", response) != response or unicodedata.normalize("NFC", markers[0]) != markers[0]:
        hint = (
            'One letter may be written as one code point or as two: unicodedata.normalize("NFC", text) on both sides.'
        )
    elif not any(character.isalnum() for character in markers[0]):
        hint = "Emoji and punctuation count anywhere: they have no word's boundary, not even between letters."
    else:
        hint = "Whole words, in every alphabet and any case: re's \\b and \\w know them all, a-z knows English only."
    fail(
        "A marker is overlooked." if held else "No marker is in there.",
        returned=returned,
        expected=float(held),
        hint=hint,
    )


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Markers are text, not patterns",
    hint="re.escape the markers, and ask for a word's boundary only at an end of the marker that is part of a word.",
    lesson=LESSON,
)
@given(
    case=st.sampled_from(
        [
            (["..."], "abc", 0.0),
            (["?"], "What?", 1.0),
            (["(:"], "Bye (:", 1.0),
            ([":)"], "Bye", 0.0),
            (["a.c"], "abc", 0.0),
            (["c++"], "We love C++ here", 1.0),
            (["great question!"], "Great question! Yes.", 1.0),
            (["¡hola"], "Sí, ¡hola amigo", 1.0),
            ([], "anything", 0.0),
        ]
    )
)
def test_markers_are_text(submission, case):
    markers, response, expected = case
    assert submission.evaluation.style_score([], markers) == 0.0
    assert submission.evaluation.style_score([response], markers) == expected


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Consistency does not depend on the order",
    hint="Compare every two answers. difflib's ratio changes when two texts change places: sort them, or average both.",
    lesson=LESSON,
)
@given(responses=st.lists(texts(long=False), min_size=2, max_size=5), data=st.data())
def test_consistency_ignores_the_order(submission, responses, data):
    shuffled = data.draw(st.permutations(responses))
    returned, expected = (submission.evaluation.consistency(order) for order in (shuffled, responses))
    if not isinstance(returned, int | float) or not -1e-12 <= returned <= 1 + 1e-12:
        fail("consistency is a number from 0 to 1.", returned=returned, hint="A mean of similarities stays in [0, 1].")
    if not math.isclose(returned, expected, rel_tol=0.0, abs_tol=1e-12):
        fail("The same answers in another order.", returned=returned, expected=expected)


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Consistency is the mean over all pairs",
    hint="Every two answers are compared once (itertools.combinations): not only neighbours, and none with itself.",
    lesson=LESSON,
)
@given(one=fields(long=False), other=fields(long=False), count=st.integers(2, 4))
def test_consistency_is_a_mean_over_pairs(submission, one, other, count):
    assume(one != other)
    consistency = submission.evaluation.consistency
    similarity = consistency([one, other])
    # count equal answers and one other: count·(count - 1)/2 pairs with similarity 1, and count pairs with the other's
    equal = count * (count - 1) / 2
    expected = (equal + count * similarity) / (equal + count)
    # No copy of `other` is first, last or next to only one: what compares neighbours or the first comes out different.
    returned = consistency([one, other] + [one] * (count - 1))
    if not math.isclose(returned, expected, rel_tol=0.0, abs_tol=1e-9):
        fail(f"{count} equal answers and one other.", returned=returned, expected=expected)
    unlike = consistency(["aaaa", "zz 9"])
    if unlike >= 1.0:
        fail("Two answers with nothing in common are not consistent.", returned=unlike, expected=words("below 1.0"))


@pytest.mark.check(
    task="evaluation",
    points=0.5,
    title="Only shared metrics are compared",
    hint="Take the names that both dicts have; ValueError where there is none.",
    lesson=LESSON,
)
@given(
    base=st.floats(0.1, 9.0),
    tuned=st.floats(0.1, 9.0),
    name=st.sampled_from(("loss", "latency", "latency_saved", "f1")),
)
def test_only_shared_metrics_are_compared(submission, base, tuned, name):
    compare = submission.evaluation.compare
    returned = compare({name: base, "accuracy": 0.5}, {"perplexity": 3.0, name: tuned})
    if list(returned) != [name]:
        fail("One metric is shared.", returned=returned, expected=[name])
    if returned[name]["better"] is not (tuned > base):
        hint = "perplexity and latency_s are the two names of which less is better; of every other, more is."
        fail(f"`better` is wrong for {name}.", returned=returned, expected=tuned > base, hint=hint)
    for first, second in (({}, {}), ({"accuracy": 1.0}, {}), ({"accuracy": 1.0}, {"perplexity": 2.0})):
        try:
            nothing = compare(first, second)
        except ValueError:
            continue
        fail("No metric is shared: a ValueError should come.", returned=nothing)
