"""Task 4: compare the base model with the tuned one, in answers and in numbers.

Goal: the same questions to both models, and measures that mean what they say.
Lesson: README.md, section "Task 4: evaluation".
Generation: https://huggingface.co/docs/transformers/main_classes/text_generation
Own metrics: https://huggingface.co/docs/evaluate/creating_and_sharing

Of these functions only `generate_responses` needs a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


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
    raise NotImplementedError("task 4.1: prompt, generate greedily, cut the prompt off, decode")


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
    raise NotImplementedError("task 4.2: exp of minus the mean over all tokens")


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
    raise NotImplementedError("task 4.3: equal but for case and space")


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
    raise NotImplementedError("task 4.4: whole words, any emoji, any case, NFC")


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
    raise NotImplementedError("task 4.5: the mean similarity of all pairs")


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
    raise NotImplementedError("task 4.6: base, tuned, delta and better for each shared metric")
