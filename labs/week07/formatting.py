"""Task 1: turn pairs of an input and an output into what a language model trains on.

Goal: from a JSONL file to batches of token ids, with a loss that counts the answer and nothing else.
Lesson: README.md, section "Task 1: formatting". JSON Lines: https://jsonlines.org
Tokenizers: https://huggingface.co/docs/transformers/main_classes/tokenizer

This module needs no torch, so its checks run in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Pair = dict[str, str]
Features = dict[str, list[int]]

INSTRUCTION_MARKER = "### Instruction:"
RESPONSE_MARKER = "### Response:"
IGNORED = -100  # the label that PyTorch's cross entropy leaves out (its ignore_index)
ENOUGH_PAIRS = 50  # below this, few-shot prompting is the better tool (the lesson, "When to fine-tune")


def load_pairs(path: str | Path) -> list[Pair]:
    """Read pairs from a JSON Lines file: one object a line, with an `input` and an `output`.

    Args:
        path: a UTF-8 file. A line ends at a newline (byte 10) and at nothing else; blank lines are skipped.

    Returns:
        One `{"input": ..., "output": ...}` a line, in the file's order, values exactly as written, other keys
        dropped. An empty file gives an empty list.

    Raises:
        ValueError: naming the 1-based line, which counts blank lines too, for bad UTF-8, bad JSON, something that is
            not an object, a missing key, and a value that is not a string or is blank.

    Example:
        >>> load_pairs("data/examples.jsonl")[0]["input"]
        'How do I choose a gift wrap?'
    """
    raise NotImplementedError("task 1.1: read one pair a line, and refuse damaged lines by their number")


def format_prompt(instruction: str) -> str:
    """Put an instruction into the template, up to the place where the answer begins.

    Generation starts from this text, so training must put the answer exactly behind it.

    Args:
        instruction: any text; it is not stripped or changed.

    Returns:
        The prompt, ending in the newline after the response marker.

    Raises:
        Nothing: every string is a fine instruction here.

    Example:
        >>> format_prompt("Do you ship to Peru?")
        '### Instruction:\\nDo you ship to Peru?\\n\\n### Response:\\n'
    """
    raise NotImplementedError("task 1.2: put the instruction into the template")


def format_instruction(example: Pair) -> str:
    """Write a pair as the text that the model trains on: the prompt, then the output.

    Args:
        example: a pair with an `input` and an `output`.

    Returns:
        The prompt of the input, directly followed by the output.

    Raises:
        KeyError: where the pair lacks one of its keys.

    Example:
        >>> format_instruction({"input": "Hi", "output": "Hello!"})
        '### Instruction:\\nHi\\n\\n### Response:\\nHello!'
    """
    raise NotImplementedError("task 1.3: the prompt, then the output")


def split_pairs(pairs: list[Pair], validation_fraction: float = 0.2, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Split pairs into a part to train on and a part to validate on, with no input in both.

    A question that stands on both sides lets the model look good by heart, so all pairs of one input stay together.

    Args:
        pairs: the pairs, possibly with duplicates, all of which are kept.
        validation_fraction: the share of *distinct inputs* that goes to validation, give or take one input.
        seed: the same seed gives the same split.

    Returns:
        `(train, validation)`. From two distinct inputs up neither is empty; below that all pairs are in train.

    Raises:
        KeyError: where a pair has no `input`.

    Example:
        >>> train, validation = split_pairs(load_pairs("data/examples.jsonl"), validation_fraction=0.25)
        >>> len(train), len(validation)
        (6, 2)
    """
    raise NotImplementedError("task 1.4: split by distinct inputs")


def tokenize_example(example: Pair, tokenizer: PreTrainedTokenizerBase, max_length: int = 256) -> Features:
    """Turn a pair into token ids, and into labels that count the response and the end token only.

    The prompt and the output are tokenised apart and without special tokens, so that the prompt's ids are the very ids
    that generation will start from; then comes the tokenizer's end-of-sequence token (EOS), from which the model learns
    to stop. A response that is too long loses its last tokens, never the EOS.

    Args:
        example: a pair with an `input` and an `output`.
        tokenizer: a Hugging Face tokenizer with an EOS token.
        max_length: the most tokens the example may have, the EOS included.

    Returns:
        Three lists of one length: `input_ids`, `attention_mask` (all 1) and `labels` (-100 on the prompt, the ids
        themselves on response and EOS).

    Raises:
        ValueError: where the prompt leaves no room for one response token and the EOS.

    Example:
        >>> features = tokenize_example({"input": "Hi", "output": "Hello!"}, tokenizer)
        >>> features["input_ids"][-1] == features["labels"][-1] == tokenizer.eos_token_id
        True
    """
    raise NotImplementedError("task 1.5: ids, attention and labels of one pair")


def collate(features: Sequence[Features], pad_token_id: int) -> dict[str, list[list[int]]]:
    """Pad examples on the right to the longest of them, so that they form one rectangular batch.

    Args:
        features: what `tokenize_example` returned, any number of times.
        pad_token_id: the id to fill `input_ids` with. It may be the EOS id: a real EOS keeps its label all the same.

    Returns:
        The three keys of the examples, each a list of rows of one length. `attention_mask` is 0 and `labels` is -100
        on the padding, and nothing else is changed.

    Raises:
        KeyError: where an example lacks one of the three lists.

    Example:
        >>> collate([{"input_ids": [5], "attention_mask": [1], "labels": [5]},
        ...          {"input_ids": [6, 7], "attention_mask": [1, 1], "labels": [-100, 7]}], pad_token_id=0)["input_ids"]
        [[5, 0], [6, 7]]
    """
    raise NotImplementedError("task 1.6: pad on the right")


def audit_pairs(pairs: list[Pair]) -> list[str]:
    """Name what is wrong with a data set before it costs a training run. Texts are equal only if exactly equal.

    Args:
        pairs: the pairs to look at.

    Returns:
        The codes that apply, sorted: `too_few` (fewer than 50 pairs), `duplicate_pair` (a pair occurs twice),
        `conflicting_outputs` (one input with two different outputs), `leaked_template` (a field holds
        `### Instruction:` or `### Response:`), `unbalanced` (more than half of the outputs are equal).

    Raises:
        KeyError: where a pair lacks one of its keys.

    Example:
        >>> audit_pairs([{"input": "Hi", "output": "Hello!"}, {"input": "Hi", "output": "Bye!"}])
        ['conflicting_outputs', 'too_few']
    """
    raise NotImplementedError("task 1.7: name what is wrong with the data")
