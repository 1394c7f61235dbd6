"""Task 1: turn pairs of an input and an output into what a language model trains on.

Goal: from a JSONL file to batches of token ids, with a loss that counts the answer and nothing else.
Lesson: README.md, section "Task 1: formatting". JSON Lines: https://jsonlines.org
Tokenizers: https://huggingface.co/docs/transformers/main_classes/tokenizer

This module needs no torch, so its checks run in seconds.
"""

from __future__ import annotations

import json
import random
from collections import Counter
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
    lines = Path(path).read_bytes().split(b"\n")
    return [_read_pair(line, number) for number, line in enumerate(lines, start=1) if line.strip()]


def _read_pair(line: bytes, number: int) -> Pair:
    try:
        record = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number}: not UTF-8 text ({error.reason})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(record, dict):
        raise ValueError(f"line {number}: not an object")  # noqa: TRY004 (the data is wrong, not the call)
    return {key: _read_value(record, key, number) for key in ("input", "output")}


def _read_value(record: dict[str, object], key: str, number: int) -> str:
    value = record.get(key)
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"line {number}: {key!r} must be there and be a string that is not blank")


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
    return f"{INSTRUCTION_MARKER}\n{instruction}\n\n{RESPONSE_MARKER}\n"


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
    return format_prompt(example["input"]) + example["output"]


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
    inputs = list(dict.fromkeys(pair["input"] for pair in pairs))
    random.Random(seed).shuffle(inputs)
    wanted = round(validation_fraction * len(inputs))
    count = min(max(wanted, 1), len(inputs) - 1) if len(inputs) > 1 else 0
    held_out = set(inputs[:count])
    train = [pair for pair in pairs if pair["input"] not in held_out]
    validation = [pair for pair in pairs if pair["input"] in held_out]
    return train, validation


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
    prompt = tokenizer.encode(format_prompt(example["input"]), add_special_tokens=False)
    response = tokenizer.encode(example["output"], add_special_tokens=False)
    room = max_length - len(prompt) - 1
    if room < 1:
        raise ValueError(f"the prompt has {len(prompt)} tokens: no room for an answer in {max_length}")
    answer = [*response[:room], tokenizer.eos_token_id]
    return {
        "input_ids": prompt + answer,
        "attention_mask": [1] * (len(prompt) + len(answer)),
        "labels": [IGNORED] * len(prompt) + answer,
    }


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
    width = max((len(feature["input_ids"]) for feature in features), default=0)
    filling = {"input_ids": pad_token_id, "attention_mask": 0, "labels": IGNORED}
    return {
        key: [feature[key] + [fill] * (width - len(feature[key])) for feature in features]
        for key, fill in filling.items()
    }


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
    distinct = {(pair["input"], pair["output"]) for pair in pairs}
    outputs = Counter(pair["output"] for pair in pairs)
    fields = [pair[key] for pair in pairs for key in ("input", "output")]
    found = {
        "too_few": len(pairs) < ENOUGH_PAIRS,
        "duplicate_pair": len(distinct) < len(pairs),
        "conflicting_outputs": len({source for source, _ in distinct}) < len(distinct),
        "leaked_template": any(INSTRUCTION_MARKER in field or RESPONSE_MARKER in field for field in fields),
        "unbalanced": max(outputs.values(), default=0) * 2 > len(pairs),
    }
    return sorted(code for code, applies in found.items() if applies)
