"""Task 1, the checks that students have: what must hold for every text, every file and every list of pairs."""

import json
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from week07_expected import find_problems, prompt_text, require_codes, require_number
from week07_strategies import pair_lists, pairs, texts

from grader.checks import fail

LESSON = "README.md#task-1-formatting"
BLANKS = ("", "   ", "\t", "\r")


@pytest.mark.check(
    task="formatting",
    points=1,
    title="The prompt follows the template",
    hint='The whole prompt, the instruction unchanged: "### Instruction:\\n{instruction}\\n\\n### Response:\\n".',
    lesson="README.md#the-template",
)
@given(instruction=texts())
def test_prompt_follows_the_template(submission, instruction):
    # Texts with spaces at the ends catch strip(); "{output}" and "%s" catch a template that is filled twice.
    assert submission.formatting.format_prompt(instruction) == prompt_text(instruction)


@pytest.mark.check(
    task="formatting",
    points=1,
    title="The training text is the prompt, then the output",
    hint="Nothing stands between prompt and output, and nothing after it: generation starts where the answer begins.",
    lesson="README.md#the-template",
)
@given(pair=pairs())
def test_text_is_prompt_then_output(submission, pair):
    assert submission.formatting.format_instruction(pair) == prompt_text(pair["input"]) + pair["output"]


@st.composite
def _files(draw: st.DrawFn) -> tuple[bytes, list[dict[str, str]]]:
    """A good JSON Lines file in ASCII, with blank lines and keys that do not belong, and the pairs that it holds."""
    held = draw(st.lists(pairs(), max_size=4))
    extra = st.dictionaries(st.sampled_from(("id", "output2", "Input", "tags")), st.integers() | st.none(), max_size=2)
    lines = [json.dumps(draw(extra) | pair) for pair in held]
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(BLANKS)))
    return "\n".join([*lines, *draw(st.sampled_from(([], [""])))]).encode(), held


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A file's pairs come back as written, in order",
    hint="One dict with exactly `input` and `output` for each line that is not blank; keep every value as it is.",
    lesson=LESSON,
)
@given(file=_files())
def test_pairs_load_as_written(submission, file):
    content, held = file
    loaded = submission.formatting.load_pairs(submission.file("pairs.jsonl", content))
    if not isinstance(loaded, list) or any(not isinstance(pair, dict) for pair in loaded):
        fail("load_pairs should return a list of dicts.", returned=loaded, expected=held)
    if any(set(pair) > {"input", "output"} for pair in loaded):
        hint = "Build a new dict from the two keys instead of handing on what json gave you."
        fail("A pair has keys other than input and output.", returned=loaded, expected=held, hint=hint)
    if len(loaded) == len(held) and loaded != held and [_strip(pair) for pair in held] == [_strip(p) for p in loaded]:
        hint = "Spaces and newlines at the ends belong to a value: check for blank values, but do not strip them."
        fail("The values have lost the space around them.", returned=loaded, expected=held, hint=hint)
    assert loaded == held


def _strip(pair: dict[str, object]) -> dict[str, str]:
    return {key: str(value).strip() for key, value in pair.items()}


# A damaged line, without a digit in it, and what is wrong with it.
DAMAGED = {
    '{"input": "a", "output": "b"': "not JSON",
    "{'input': 'a', 'output': 'b'}": "not JSON",
    '{"input": "a", "output": "b"} {}': "more than one JSON value",
    '["input", "output"]': "not an object",
    '"input and output"': "not an object",
    "null": "not an object",
    '{"input": "a"}': "output is missing",
    '{"output": "b"}': "input is missing",
    '{"Input": "a", "Output": "b"}': "the keys are misspelt",
    '{"input": "a", "output": null}': "output is not a string",
    '{"input": ["a"], "output": "b"}': "input is not a string",
    '{"input": true, "output": "b"}': "input is not a string",
    '{"input": "a", "output": ""}': "output is blank",
    '{"input": " \\n\\t", "output": "b"}': "input is blank",
}


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A damaged line is refused by its number",
    hint="Raise ValueError with the line's number, counted from 1, in the message.",
    lesson=LESSON,
)
@given(line=st.sampled_from(sorted(DAMAGED)), before=st.integers(40, 90), after=st.integers(0, 2))
def test_damaged_lines_are_refused_by_number(submission, line, before, after):
    # The number is above 40, so that a column number in a message is never taken for it.
    good = '{"input": "a", "output": "b"}'
    path = submission.file("pairs.jsonl", "\n".join([good] * before + [line] + [good] * after))
    try:
        loaded = submission.formatting.load_pairs(path)
    except ValueError as error:
        message = str(error)
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        hint = "Check each line before you use it, and raise ValueError yourself."
        kind = type(error).__name__
        fail(
            f"Line {before + 1} is `{line}` ({DAMAGED[line]}): expected a ValueError; what came is {kind}: {error}.",
            hint=hint,
        )
    else:
        hint = f"Refuse a line where {DAMAGED[line]}: such a row would train on nonsense, or crash hours later."
        fail(f"Line {before + 1} is `{line}` ({DAMAGED[line]}), and the file was accepted.", returned=loaded, hint=hint)
    require_number(message, before + 1, f"`{line}` ({DAMAGED[line]})")


def _sides(parts: object) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return train and validation, or fail the check where split_pairs returned something else."""
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(side, list) for side in parts):
        fail(
            "split_pairs should return two lists, train and validation.",
            returned=parts,
            hint="return train, validation",
        )
    return parts[0], parts[1]


def _counted(rows: list[dict[str, str]]) -> Counter[tuple[str, str]]:
    return Counter((row["input"], row["output"]) for row in rows)


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A split loses nothing and invents nothing",
    hint="Every pair goes to exactly one side.",
    lesson=LESSON,
)
@given(rows=pair_lists(), fraction=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_split_loses_nothing(submission, rows, fraction, seed):
    train, validation = _sides(submission.formatting.split_pairs(rows, validation_fraction=fraction, seed=seed))
    came_back, given = _counted(train + validation), _counted(rows)
    if came_back != given and set(came_back) == set(given) and came_back.total() < given.total():
        hint = "A pair that occurs twice stays twice: do not pass the pairs through a set or a dict."
        fail("Duplicates were lost.", returned=(train, validation), hint=hint)
    if lost := given - came_back:
        content = _show_one(lost)
        fail(f"A pair is on neither side: {content}", returned=(train, validation))
    if extra := came_back - given:
        content = _show_one(extra)
        fail(f"A pair came back more often than it was given: {content}", returned=(train, validation))


def _show_one(counted: Counter[tuple[str, str]]) -> str:
    text, output = next(iter(counted))
    return repr({"input": text, "output": output})


@pytest.mark.check(
    task="formatting",
    points=1,
    title="No input stands on both sides of a split",
    hint="Decide for each distinct input which side it is on, and let all its pairs follow.",
    lesson=LESSON,
)
@given(rows=pair_lists(min_size=2), fraction=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_no_input_on_both_sides(submission, rows, fraction, seed):
    # Lists with repeated inputs catch a split that shuffles and cuts the pairs themselves.
    train, validation = _sides(submission.formatting.split_pairs(rows, validation_fraction=fraction, seed=seed))
    shared = {row["input"] for row in train} & {row["input"] for row in validation}
    if shared:
        content = ", ".join(map(repr, sorted(shared)))
        fail(f"Validation would reward learning by heart. On both sides: {content}", returned=(train, validation))


@pytest.mark.check(
    task="formatting",
    points=0.5,
    title="The same seed gives the same split",
    hint="Shuffle with a random.Random(seed) of your own instead of the module's shared generator.",
    lesson=LESSON,
)
@given(rows=pair_lists(min_size=8, max_size=20), seed=st.integers(0, 99))
def test_split_repeats_itself(submission, rows, seed):
    first = submission.formatting.split_pairs(rows, seed=seed)
    submission.formatting.split_pairs(rows, seed=seed + 1)
    again = submission.formatting.split_pairs(rows, seed=seed)
    if sum(map(len, _sides(first))) != len(rows):
        fail("The split holds another number of pairs than it was given.", returned=first)
    assert again == first, "The same pairs and the same seed were split in two ways."


@pytest.mark.check(
    task="formatting",
    points=0.5,
    title="Both sides of a split hold pairs",
    hint="From two distinct inputs up, each side gets at least one; a single input goes to train.",
    lesson=LESSON,
)
@given(rows=pair_lists(max_size=6), fraction=st.floats(0.05, 0.95))
@example(rows=[{"input": word, "output": "Yes."} for word in ("How?", "When?")], fraction=0.2)
@example(rows=[{"input": word, "output": "Yes."} for word in ("How?", "When?")], fraction=0.9)
@example(rows=[{"input": "How?", "output": "Yes."}], fraction=0.5)
def test_both_sides_hold_pairs(submission, rows, fraction):
    # Small lists and small fractions catch int(fraction * n), which is 0 for them.
    train, validation = _sides(submission.formatting.split_pairs(rows, validation_fraction=fraction))
    distinct = len({row["input"] for row in rows})
    if distinct < 2 and validation:
        fail(
            "With fewer than two distinct inputs everything goes to train.",
            returned=(train, validation),
            expected=(rows, []),
        )
    if distinct >= 2 and not (train and validation):
        fail(
            f"There are {distinct} distinct inputs, and one side is empty: each should hold at least one of them.",
            returned=(train, validation),
        )


@pytest.mark.check(
    task="formatting",
    points=1,
    title="An audit names each problem of the data",
    hint="Return the sorted codes whose definition holds, and only those.",
    lesson="README.md#the-audit",
)
@given(rows=pair_lists(min_size=2), more=st.sampled_from((0, 0, 60)))
def test_audit_names_each_problem(submission, rows, more):
    rows = rows + [{"input": f"question {n}", "output": f"answer {n}"} for n in range(more)]
    require_codes(submission.formatting.audit_pairs(rows), find_problems(rows))
