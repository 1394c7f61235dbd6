"""Task 1, the checks that students have: from a pair to token ids, and from examples to a batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from week07_expected import LISTS, end_id, prompt_text, require_features, token_ids
from week07_strategies import pairs

from grader.checks import fail

LESSON = "README.md#task-1-formatting"
ROOMY = 8192  # tokens: more than any example below has, so that nothing is cut


@pytest.mark.check(
    task="formatting",
    points=1.5,
    title="An example is prompt, response and end token",
    hint="Ids of the prompt, ids of the output, then the tokenizer's EOS id; every position has attention 1.",
    lesson=LESSON,
)
@given(pair=pairs(long=False))
def test_example_is_prompt_response_and_end(submission, pair):
    tokenizer = submission.load_tokenizer(submission.model_path)
    features = submission.formatting.tokenize_example(pair, tokenizer, max_length=ROOMY)
    require_features(features)
    prompt, response = _ids(submission, prompt_text(pair["input"])), _ids(submission, pair["output"])
    returned, end = features["input_ids"], end_id(submission.model_path)
    expected = [*prompt, *response, end]
    if returned == expected[:-1]:
        hint = "Append tokenizer.eos_token_id: a model that never sees an end never learns to stop."
        fail("The end token is missing.", returned=returned, expected=expected, hint=hint)
    if len(returned) > len(expected):
        hint = "Some texts are padded, or hold a token twice: no padding here, that is collate's work."
        fail(
            "There are more ids than prompt, response and end token have.",
            returned=returned,
            expected=expected,
            hint=hint,
        )
    assert returned == expected
    assert features["attention_mask"] == [1] * len(expected)


def _ids(submission, text: str) -> list[int]:
    return token_ids(submission.model_path, text)


@pytest.mark.check(
    task="formatting",
    points=1.5,
    title="The labels hide the prompt, and nothing else",
    hint="Labels are -100 on the prompt's tokens, and the ids themselves on the response and the end token.",
    lesson="README.md#which-tokens-count",
)
@given(pair=pairs(long=False))
def test_labels_hide_the_prompt_only(submission, pair):
    tokenizer = submission.load_tokenizer(submission.model_path)
    features = submission.formatting.tokenize_example(pair, tokenizer, max_length=ROOMY)
    require_features(features)
    ids, labels = features["input_ids"], features["labels"]
    hidden = len(_ids(submission, prompt_text(pair["input"])))
    # Compared with the ids that came back, so that a mistake in those does not cost these points too.
    expected = [-100] * hidden + ids[hidden:]
    if labels == ids:
        hint = "With labels on the prompt the model learns to ask questions: put -100 there."
        fail("The labels count the prompt as well.", returned=labels, expected=expected, hint=hint)
    if all(label == -100 for label in labels):
        fail("Every label is -100: nothing is left to learn.", returned=labels, expected=expected)
    if labels == [*expected[:-1], -100]:
        hint = "Give the end token its label: a model that never has to predict it never learns to stop."
        fail("The end token has no label.", returned=labels, expected=expected, hint=hint)
    if labels[:hidden] != expected[:hidden] and labels[hidden:] == expected[hidden:]:
        hint = (
            "Each of the prompt's tokens gets -100, which is what PyTorch's cross entropy ignores; no other number is."
        )
        fail("The prompt's tokens are not hidden by -100.", returned=labels, expected=expected, hint=hint)
    assert labels == expected


_ID = st.integers(0, 300)


@st.composite
def _features(draw: st.DrawFn) -> dict[str, list[int]]:
    prompt, response = draw(st.lists(_ID, max_size=4)), draw(st.lists(_ID, min_size=1, max_size=4))
    ids = prompt + response
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100] * len(prompt) + response}


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A batch is padded on the right",
    hint="Fill each row up to the longest one: ids with the pad id, attention with 0, labels with -100.",
    lesson=LESSON,
)
@given(features=st.lists(_features(), min_size=1, max_size=5), pad=st.integers(301, 400))
def test_batch_is_padded_on_the_right(submission, features, pad):
    batch = submission.formatting.collate(features, pad)
    width = max(len(feature["input_ids"]) for feature in features)
    fillings = dict(zip(LISTS, (pad, 0, -100), strict=True))
    expected = {
        name: [feature[name] + [fill] * (width - len(feature[name])) for feature in features]
        for name, fill in fillings.items()
    }
    if not isinstance(batch, dict) or not set(LISTS) <= set(batch):
        fail(
            "collate should return a dict with input_ids, attention_mask and labels.", returned=batch, expected=expected
        )
    for name, fill in fillings.items():
        if (
            batch[name]
            == [[fill] * (width - len(feature[name])) + feature[name] for feature in features]
            != expected[name]
        ):
            fail(f"{name} is padded on the left.", returned=batch[name], expected=expected[name])
        if batch[name] != expected[name]:
            fail(f"{name} is not padded with {fill} on the right.", returned=batch[name], expected=expected[name])
