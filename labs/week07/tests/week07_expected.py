"""What the checks of week 07 expect, worked out with other means than a submission would use.

Token ids come from the `tokenizers` library and the model's own tokenizer.json, so that no check needs torch.
"""

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path

from tokenizers import Tokenizer
from week07_strategies import INSTRUCTION_MARKER, RESPONSE_MARKER

from grader.checks import fail, words

LISTS = ("input_ids", "attention_mask", "labels")


@cache
def _tokenizer(model_path: str) -> Tokenizer:
    return Tokenizer.from_file(str(Path(model_path) / "tokenizer.json"))


def token_ids(model_path: str, text: str) -> list[int]:
    """Return a text's ids, without special tokens."""
    return list(_tokenizer(model_path).encode(text, add_special_tokens=False).ids)


def end_id(model_path: str) -> int:
    """Return the id of the end-of-sequence token (EOS)."""
    settings = json.loads((Path(model_path) / "tokenizer_config.json").read_text(encoding="utf-8"))
    token = settings["eos_token"]
    return int(_tokenizer(model_path).token_to_id(token["content"] if isinstance(token, dict) else token))


def prompt_text(instruction: str) -> str:
    """Return the lab's template around an instruction, as section "The template" of the lesson writes it."""
    return "### Instruction:\n" + instruction + "\n\n### Response:\n"


def require_features(features: object) -> None:
    """Fail the check unless the value has the shape that tokenize_example promises."""
    if not isinstance(features, dict) or not set(LISTS) <= set(features):
        fail(
            "tokenize_example should return a dict with input_ids, attention_mask and labels.",
            returned=features,
            hint="Return a plain dict with exactly these three names as keys.",
        )
    for name in LISTS:
        values = features[name]
        if not isinstance(values, list) or any(type(value) is not int for value in values):
            fail(
                f"{name} should be a flat list of whole numbers.",
                returned=values,
                hint="Take plain lists from the tokenizer: no return_tensors, and no list around the list.",
            )
    lengths = {name: len(features[name]) for name in LISTS}
    if len(set(lengths.values())) > 1:
        fail(
            "The three lists should be of one length: each token has its mask and its label.",
            returned=lengths,
            hint="Build the labels from the very lists of ids that you join, so that they cannot differ in length.",
        )


def require_number(message: str, number: int, what: str, skipped: int = 0) -> None:
    """Fail the check unless a message names a line by its 1-based number; `skipped` blank lines stand before it."""
    numbers = [int(digits) for digits in re.findall(r"\d+", message)]
    if number in numbers:
        return
    if number - 1 in numbers:
        hint = "People and editors count lines from 1: enumerate(..., start=1)."
        fail(f"Line {number} is {what}, and the message names line {number - 1}.", returned=message, hint=hint)
    if skipped and number - skipped in numbers:
        hint = "A skipped line is a line all the same: number the file's lines first, then skip the blank ones."
        fail(
            f"Line {number} is {what}, and {skipped} blank lines before it were not counted.",
            returned=message,
            hint=hint,
        )
    fail(
        f"Line {number} is {what}, and the message does not name it.",
        returned=message,
        expected=words(f"… line {number} …"),
    )


def find_problems(rows: list[dict[str, str]]) -> list[str]:
    """Work the audit's codes out the slow way, pair by pair, straight from their definitions."""
    both = list(combinations(rows, 2))
    texts_in = [text for row in rows for text in row.values()]
    outputs = [row["output"] for row in rows]
    found = {
        "too_few": len(rows) < 50,
        "duplicate_pair": any(a == b for a, b in both),
        "conflicting_outputs": any(a["input"] == b["input"] and a["output"] != b["output"] for a, b in both),
        "leaked_template": any(marker in text for text in texts_in for marker in (INSTRUCTION_MARKER, RESPONSE_MARKER)),
        "unbalanced": any(outputs.count(output) > len(outputs) / 2 for output in outputs),
    }
    return sorted(code for code in found if found[code])


MEANINGS = {
    "too_few": "there are fewer than 50 pairs",
    "duplicate_pair": "some pair occurs twice, input and output",
    "conflicting_outputs": "some input has two different outputs",
    "leaked_template": "some input or output holds `### Instruction:` or `### Response:`",
    "unbalanced": "more than half of the outputs are equal",
}


def require_codes(returned: object, expected: list[str]) -> None:
    """Fail the check where a code is left out, is wrong, or is out of order."""
    if not isinstance(returned, list):
        fail("audit_pairs should return a list of codes.", returned=returned, expected=expected)
    for code, meaning in MEANINGS.items():
        if code in expected and code not in returned:
            fail(f"`{code}` is left out.", returned=returned, expected=expected, hint=f"It says that {meaning}.")
        if code in returned and code not in expected:
            fail(f"`{code}` is wrong here.", returned=returned, expected=expected, hint=f"It says that {meaning}.")
    assert returned == expected
