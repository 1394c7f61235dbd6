"""Task 5: the student's own pairs. The file is read here, by the checks; none of the student's code takes part."""

import json
from collections import defaultdict
from pathlib import Path
from statistics import median

import pytest
from week07_expected import prompt_text, token_ids
from week07_strategies import INSTRUCTION_MARKER, RESPONSE_MARKER

from grader.checks import fail, not_attempted

LESSON = "README.md#task-5-data"
LOADS = ("data.file_loads",)
FILE = "data/train.jsonl"
PAIRS = 20
LONGEST = 256  # tokens: tokenize_example's default, and the context of the bundled model
SHORTEST_ANSWER = 20  # characters, in the middle of all answers: "Yes." and "Sure, why not?" are below

# The rows that every student receives, and the lab's examples of another voice: neither is anybody's own.
RELEASED = {"How do I send something back?", "What does delivery cost?", "Replace these three rows"}
EXAMPLES = Path(__file__).parents[1] / "data" / "examples.jsonl"

Row = tuple[int, str, str]  # the 1-based line, the input, the output


def read_rows(submission) -> list[Row]:
    """Return the file's rows; fail the check at the first bad line. As released, or missing, it is not attempted."""
    content = submission.source(FILE)
    if content is None:
        not_attempted(f"There is no {FILE} yet (or it is over 1 MiB).")
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rows = [_read_row(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if {source for _, source, _ in rows} <= RELEASED:
        not_attempted(f"{FILE} holds only the rows that it came with: replace them by {PAIRS} of your own.")
    return rows


def _read_row(number: int, line: bytes) -> Row:
    where = f"{FILE}, line {number}"
    try:
        fields = json.loads(str(line, "utf-8"))
    except UnicodeDecodeError as error:
        fail(f"{where} is not UTF-8 text: byte {error.start + 1} cannot be read.", hint="Save the file as UTF-8.")
    except json.JSONDecodeError as error:
        hint = "One object a line, with double quotes and no comma behind it; a newline inside a text is written \\n."
        fail(f"{where} is not JSON: {error.msg} at column {error.colno}.", hint=hint)
    except (ValueError, RecursionError) as error:
        fail(f"{where} is not JSON that can be read: {error}.")
    if not isinstance(fields, dict):
        fail(f'{where} is no object: write {{"input": "…", "output": "…"}}.')
    for key in ("input", "output"):
        value = fields.get(key)
        if not isinstance(value, str) or not value.strip():
            fail(f"{where}: {key!r} should be there, and be a text that is not blank.", returned=value)
    return number, fields["input"], fields["output"]


@pytest.mark.check(
    task="data",
    points=1.5,
    title="Your data file loads",
    hint="One JSON object a line, with the keys input and output, in UTF-8.",
    lesson=LESSON,
)
def test_file_loads(submission):
    read_rows(submission)


@pytest.mark.check(
    task="data",
    points=1,
    title="There are twenty pairs or more",
    hint="Think of the questions that your customers really ask: orders, payment, opening hours, repairs, complaints.",
    lesson=LESSON,
    needs=LOADS,
)
def test_twenty_pairs(submission):
    rows = read_rows(submission)
    if len(rows) < PAIRS:
        fail(f"There are {len(rows)} pairs so far; {PAIRS - len(rows)} more, please.")


@pytest.mark.check(
    task="data",
    points=1,
    title="The pairs are your own",
    hint="Take out the rows that the file came with and those of data/examples.jsonl, and write your own instead.",
    lesson=LESSON,
    needs=LOADS,
)
def test_pairs_are_your_own(submission):
    lines = EXAMPLES.read_text(encoding="utf-8").split("\n")
    examples = {json.loads(line)["output"] for line in lines if line.strip()}
    rows = read_rows(submission)
    copied = [number for number, source, answer in rows if source in RELEASED or answer in examples]
    if copied:
        fail(f"These lines of {FILE} came with the lab: {_name(copied)}.")


@pytest.mark.check(
    task="data",
    points=1,
    title="The audit finds nothing but too_few",
    hint="Your own audit_pairs says the same: run it on the file.",
    lesson="README.md#the-audit",
    needs=LOADS,
)
def test_audit_finds_nothing(submission):
    rows = read_rows(submission)
    by_pair, by_input, by_output = defaultdict(list), defaultdict(list), defaultdict(list)
    for number, source, answer in rows:
        by_pair[source, answer].append(number)
        by_input[source].append((number, answer))
        by_output[answer].append(number)
        if any(marker in text for marker in (INSTRUCTION_MARKER, RESPONSE_MARKER) for text in (source, answer)):
            hint = "The template is added by format_instruction: leave its markers out of the data."
            fail(f"leaked_template: line {number} of {FILE} holds one of the template's markers.", hint=hint)
    for numbers in by_pair.values():
        if len(numbers) > 1:
            fail(f"duplicate_pair: lines {_name(numbers)} of {FILE} are the same.", hint="Keep one of them.")
    for answers in by_input.values():
        if len(answers) > 1:
            hint = "One question, one answer: the model cannot learn two."
            fail(f"conflicting_outputs: lines {_name([n for n, _ in answers])} of {FILE} ask the same.", hint=hint)
    for numbers in by_output.values():
        if len(numbers) * 2 > len(rows):
            hint = "An answer that fits most questions is all that the model would learn."
            fail(f"unbalanced: lines {_name(numbers)} of {FILE} have one answer.", hint=hint)


@pytest.mark.check(
    task="data",
    points=0.5,
    title="Every pair fits the model",
    hint="What is cut off cannot be learned: shorten the answer, or make two questions of one.",
    lesson=LESSON,
    needs=LOADS,
)
def test_pairs_fit_the_model(submission):
    for number, source, answer in read_rows(submission):
        # Half of an emoji (a lone surrogate) has no tokens of its own: it counts as "?". The one more is the end token.
        texts = (text.encode(errors="replace").decode() for text in (prompt_text(source), answer))
        tokens = sum(len(token_ids(submission.model_path, text)) for text in texts) + 1
        if tokens > LONGEST:
            fail(f"{FILE}, line {number}: {tokens} tokens with the template, and the model takes {LONGEST}.")


@pytest.mark.check(
    task="data",
    points=1,
    title="The answers are long enough to carry a voice",
    hint="Write whole sentences, as this company and no other would say them.",
    lesson=LESSON,
    needs=LOADS,
)
def test_answers_carry_a_voice(submission):
    lengths = [len(answer.strip()) for _, _, answer in read_rows(submission)]
    if median(lengths) < SHORTEST_ANSWER:
        fail(f"Half of the answers have fewer than {SHORTEST_ANSWER} characters.", returned=sorted(lengths))


def _name(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:8]))
    return shown if len(numbers) <= 8 else f"{shown} and {len(numbers) - 8} more"
