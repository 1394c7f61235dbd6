"""Task 4: compare the base model with the tuned one, in answers and in numbers.

Goal: the same questions to both models, and measures that mean what they say.
Lesson: README.md, section "Task 4: evaluation".
Generation: https://huggingface.co/docs/transformers/main_classes/text_generation
Own metrics: https://huggingface.co/docs/evaluate/creating_and_sharing

Of these functions only `generate_responses` needs a model.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from formatting import format_prompt

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LOWER_IS_BETTER = {"perplexity", "latency_s"}


def generate_responses(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    instructions: list[str],
    max_new_tokens: int = 40,
) -> list[str]:
    """Let a model answer instructions, greedily: at each place it takes the likeliest token.

    An answer must not depend on the other instructions. A batch of prompts needs padding on the left and an attention
    mask for that; one prompt at a time needs neither.

    Args:
        model: a causal language model, with or without an adapter.
        tokenizer: the model's tokenizer.
        instructions: the questions, without the template.
        max_new_tokens: the most tokens an answer may have; it ends earlier at the end-of-sequence token (EOS).

    Returns:
        One answer an instruction, in order: the new text only, without special tokens and not stripped. The model is
        left in the mode, training or evaluation, in which it came.

    Raises:
        Nothing of its own.

    Example:
        >>> generate_responses(model, tokenizer, ["How long does delivery take?"])
        ['Delivery takes three to five days.']
    """
    was_training = model.training
    # In training mode, dropout would make the answers random.
    model.eval()  # type: ignore[no-untyped-call]
    try:
        # One at a time: batches of other sizes round a little differently, and a near-tie could go the other way.
        return [_answer(model, tokenizer, instruction, max_new_tokens) for instruction in instructions]
    finally:
        model.train(was_training)


def _answer(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, instruction: str, max_new_tokens: int) -> str:
    # Tokenised as for training: without special tokens of the tokenizer's own.
    inputs = tokenizer(format_prompt(instruction), add_special_tokens=False, return_tensors="pt").to(model.device)
    tokens = model.generate(  # type: ignore[operator]
        **inputs,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,  # nothing is padded; without it generate() warns
    )
    return str(tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


def perplexity(token_log_probs: list[list[float]]) -> float:
    """Return how many tokens, so to speak, the model wavers between: exp of the mean negative log probability.

    Args:
        token_log_probs: for each text the natural logarithms of the probabilities that the model gave to its tokens.

    Returns:
        The perplexity over all tokens, each counted once: a long text weighs more than a short one. At least 1 for
        real probabilities; infinity where it is too large for a float.

    Raises:
        ValueError: where there is no token at all.

    Example:
        >>> perplexity([[math.log(0.5)], [math.log(0.5), math.log(0.25)]])
        2.51984...
    """
    tokens = [value for text in token_log_probs for value in text]
    if not tokens:
        raise ValueError("perplexity needs at least one token")
    try:
        return math.exp(-math.fsum(tokens) / len(tokens))
    except OverflowError:
        return math.inf


def accuracy(predictions: list[str], references: list[str]) -> float:
    """Return the share of predictions that equal their reference.

    Args:
        predictions: the answers.
        references: as many right answers, in the same order.

    Returns:
        A share in [0, 1]; 0.0 where there are none. Upper and lower case are the same, space around a text does not
        count, and a run of spaces, tabs or line ends within it is the same as one space.

    Raises:
        ValueError: where there are not as many references as predictions.

    Example:
        >>> accuracy(["  PARIS", "New  York"], ["Paris", "York"])
        0.5
    """
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions cannot be compared with {len(references)} references")
    hits = [_normalise(left) == _normalise(right) for left, right in zip(predictions, references, strict=True)]
    return sum(hits) / len(hits) if hits else 0.0


def _normalise(text: str) -> str:
    return " ".join(text.split()).casefold()


def style_score(responses: list[str], markers: list[str]) -> float:
    """Return the share of responses that speak in the company's voice: that hold at least one of its markers.

    Args:
        responses: the model's answers.
        markers: words or phrases ("hey there"), emoji or punctuation ("😊", "!").

    Returns:
        A share in [0, 1]; 0.0 where there are no responses. A marker of words counts as whole words only ("hey" is not
        in "they"), any other anywhere; case does not count, and texts are compared in Unicode's form NFC.

    Raises:
        Nothing of its own.

    Example:
        >>> style_score(["Hey there!", "They left."], ["hey", "😊"])
        0.5
    """
    if not responses:
        return 0.0
    result = _style_metric().compute(predictions=responses, markers=markers)
    return float(result["style_score"])


@functools.cache
def _style_metric() -> Any:  # noqa: ANN401 - a class of a library without types
    # Imported here because it takes seconds, and only this one function needs it.
    import evaluate
    from datasets import Features, Value

    class StyleScore(evaluate.Metric):  # type: ignore[misc]
        """The share of predictions that hold a marker, as a metric that also works in batches."""

        def _info(self) -> evaluate.MetricInfo:
            return evaluate.MetricInfo(
                description="Share of responses that hold at least one marker of a voice.",
                citation="",
                inputs_description="predictions: responses; markers: words, phrases, emoji or punctuation.",
                features=Features({"predictions": Value("string")}),
            )

        def _compute(self, predictions: list[str], markers: list[str]) -> dict[str, float]:
            holds_marker = _marker_finder(markers)
            return {"style_score": sum(map(holds_marker, predictions)) / len(predictions)}

    return StyleScore(keep_in_memory=True)


def _marker_finder(markers: list[str]) -> Callable[[str], bool]:
    patterns = [re.compile(_pattern(_fold(marker))) for marker in markers]
    return lambda response: any(pattern.search(_fold(response)) for pattern in patterns)


def _pattern(marker: str) -> str:
    # A boundary is asked for only at an end that is part of a word: "great question!" has one in front and none behind.
    before = r"\b" if re.match(r"\w", marker) else ""
    after = r"\b" if re.search(r"\w\Z", marker) else ""
    return before + re.escape(marker) + after


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def consistency(responses: list[str]) -> float:
    """Return how alike answers to one question are: the mean similarity of all pairs of them.

    Args:
        responses: the answers.

    Returns:
        A value in [0, 1]: 1.0 for identical answers and for fewer than two. The order of the answers does not count.

    Raises:
        Nothing of its own.

    Example:
        >>> consistency(["Yes.", "Yes.", "No."])
        0.5
    """
    pairs = list(itertools.combinations(responses, 2))
    if not pairs:
        return 1.0
    return math.fsum(_similarity(left, right) for left, right in pairs) / len(pairs)


def _similarity(left: str, right: str) -> float:
    # SequenceMatcher's ratio changes when its two texts change places: sorting them takes that away.
    first, second = sorted((left, right))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def compare(base: dict[str, float], tuned: dict[str, float]) -> dict[str, dict[str, float | bool]]:
    """Set the metrics of two models side by side.

    Args:
        base: the base model's metrics by name.
        tuned: the tuned model's.

    Returns:
        For each metric that both have: `base`, `tuned`, `delta` (tuned minus base) and `better`, which says whether the
        tuned model is. Of `perplexity` and `latency_s` less is better, of all others more; equal is not better.

    Raises:
        ValueError: where the two share no metric.

    Example:
        >>> compare({"perplexity": 20.0, "accuracy": 0.5}, {"perplexity": 12.0})
        {'perplexity': {'base': 20.0, 'tuned': 12.0, 'delta': -8.0, 'better': True}}
    """
    shared = [name for name in base if name in tuned]
    if not shared:
        raise ValueError("the two models share no metric, so there is nothing to compare")
    return {name: _compare_metric(name, base[name], tuned[name]) for name in shared}


def _compare_metric(name: str, base: float, tuned: float) -> dict[str, float | bool]:
    better = tuned < base if name in LOWER_IS_BETTER else tuned > base
    return {"base": base, "tuned": tuned, "delta": tuned - base, "better": better}
