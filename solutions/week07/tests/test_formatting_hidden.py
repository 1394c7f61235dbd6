"""Task 1, the hidden checks: the files, splits and token counts that code meets after the evening's examples."""

import json
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from week07_expected import (
    end_id,
    find_problems,
    prompt_text,
    require_codes,
    require_features,
    require_number,
    token_ids,
)
from week07_strategies import Pair, fields, pairs

from grader.checks import fail

LESSON = "README.md#task-1-formatting"
GOOD = b'{"input": "a", "output": "b"}'
DEFAULT_SHARE, DEFAULT_LENGTH = 0.2, 256  # of split_pairs and tokenize_example, where a call names none


@st.composite
def _files_with_other_line_ends(draw: st.DrawFn) -> tuple[str, list[Pair]]:
    """A file in UTF-8 with characters that some functions take for a line's end: inside values, and between tokens."""
    ends = st.sampled_from(("\u2028", "\u2029", "\x85"))
    held = draw(st.lists(pairs(long=False), min_size=1, max_size=3))
    held[0]["output"] += draw(ends) + "more"
    lines = [json.dumps(pair, ensure_ascii=False) for pair in held]
    # JSON allows a carriage return between its tokens; universal newlines make it the end of a line.
    lines = [line.replace('", "', '",\r"', 1) for line in lines]
    return draw(st.sampled_from(("\n", "\r\n"))).join(lines), held


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A line ends at a newline and nowhere else",
    hint="str.splitlines() and text mode end lines at a dozen other characters: read bytes, and split at b'\\n'.",
    lesson=LESSON,
)
@given(file=_files_with_other_line_ends())
def test_lines_end_at_newlines_only(submission, file):
    content, held = file
    try:
        loaded = submission.formatting.load_pairs(submission.file("pairs.jsonl", content))
    except ValueError as error:
        fail(f"A good file was refused: {error}. Its text is {content!r}.", expected=held)
    assert loaded == held


@pytest.mark.check(
    task="formatting",
    points=1,
    title="Bad UTF-8 is refused, and blank lines count as lines",
    hint="Number the lines of the file before you skip the blank ones, and decode each line by itself.",
    lesson=LESSON,
)
@given(
    before=st.integers(40, 60),
    blanks=st.lists(st.integers(0, 40), min_size=2, max_size=5),
    bad=st.sampled_from((b'{"input": "\xff", "output": "b"}', b'{"input": "a", "output": "caf\xe9"}', b"{}")),
)
def test_line_numbers_count_blank_lines(submission, before, blanks, bad):
    lines = [GOOD] * before
    for place in blanks:
        lines.insert(place, b"")
    number = len(lines) + 1
    try:
        loaded = submission.formatting.load_pairs(submission.file("pairs.jsonl", b"\n".join([*lines, bad, GOOD])))
    except ValueError as error:
        message = str(error)
    else:
        hint = "Decode strictly: errors='ignore' and errors='replace' change what people wrote without a word."
        fail(f"Line {number} is {bad!r}, and the file was accepted.", returned=loaded[-2:], hint=hint)
    if str(number) not in message and str(number - len(blanks)) in message:
        hint = "Skipped lines are lines all the same: enumerate the file's lines first, then skip."
        fail(
            f"Line {number} is bad, and {len(blanks)} blank lines before it were not counted.",
            returned=message,
            hint=hint,
        )
    require_number(message, number, repr(bad))


@pytest.mark.check(
    task="formatting",
    points=1,
    title="The validation share is counted over distinct inputs",
    hint="Take the fraction of the distinct inputs, to within one, not of the pairs.",
    lesson=LESSON,
)
@given(
    distinct=st.integers(2, 40),
    copies=st.integers(10, 30),
    fraction=st.none() | st.floats(0.05, 0.95),
    seed=st.integers(0, 9),
)
def test_share_is_of_distinct_inputs(submission, distinct, copies, fraction, seed):
    # The first input comes many times: a share of the *pairs* is far from the share of the inputs.
    rows = [{"input": f"q{n}", "output": f"a{n}"} for n in range(distinct)]
    rows += [{"input": "q0", "output": f"b{n}"} for n in range(copies)]
    named = {} if fraction is None else {"validation_fraction": fraction}
    parts = submission.formatting.split_pairs(rows, seed=seed, **named)
    validation = len({row["input"] for row in parts[1]})
    share = DEFAULT_SHARE if fraction is None else fraction
    if abs(validation - share * distinct) > 1 + 1e-9:
        what = "the default" if fraction is None else "the share"
        wanted = f"{what}, {share:.3g} of {distinct} distinct inputs, so {share * distinct:.1f} to within one"
        fail(f"Validation holds {validation} distinct inputs.", returned=validation, expected=wanted)


@pytest.mark.check(
    task="formatting",
    points=1,
    title="No special tokens slip in",
    hint="Some tokenizers put a token before every text unless told otherwise: add_special_tokens=False, both times.",
    lesson=LESSON,
)
@given(pair=pairs(long=False))
def test_no_special_tokens_are_added(submission, pair):
    tokenizer = submission.load_tokenizer(submission.model_path, bos=True)
    features = submission.formatting.tokenize_example(pair, tokenizer, max_length=8192)
    require_features(features)
    texts = (prompt_text(pair["input"]), pair["output"])
    prompt, response = (token_ids(submission.model_path, text) for text in texts)
    # The end token at the end is another check's; here only what stands before it counts.
    expected = prompt + response
    assert features["input_ids"][: len(expected)] == expected


def _with_merged_newlines(submission) -> str:
    """Write the model's tokenizer anew with one more token, for two newlines; return its folder.

    Across "…Response:\\n" and an output that begins with two newlines it splits otherwise than on either side alone.
    """
    source = Path(submission.model_path)
    table = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    table["model"]["vocab"]["ĊĊ"] = len(table["model"]["vocab"])
    table["model"]["merges"].append(["Ċ", "Ċ"])
    path = submission.file("tokenizer.json", json.dumps(table))
    submission.file("tokenizer_config.json", (source / "tokenizer_config.json").read_bytes())
    return str(Path(path).parent)


@pytest.mark.check(
    task="formatting",
    points=1,
    title="Prompt and response are tokenised apart",
    hint="Tokenise each by itself and join the ids: a tokenizer may merge the prompt's end with the answer's start.",
    lesson="README.md#which-tokens-count",
)
@given(pair=pairs(long=False), newlines=st.integers(1, 3))
def test_prompt_and_response_are_tokenised_apart(submission, pair, newlines):
    folder = _with_merged_newlines(submission)
    pair = {"input": pair["input"], "output": "\n" * newlines + pair["output"]}
    prompt, response = token_ids(folder, prompt_text(pair["input"])), token_ids(folder, pair["output"])
    together = token_ids(folder, prompt_text(pair["input"]) + pair["output"])
    features = submission.formatting.tokenize_example(pair, submission.load_tokenizer(folder), max_length=8192)
    require_features(features)
    returned, expected = features["input_ids"], prompt + response
    if returned[: len(expected)] != expected and returned[: len(together)] == together:
        fail("Prompt and response were tokenised in one piece.", returned=returned, expected=expected)
    assert returned[: len(expected)] == expected


@st.composite
def _limits(draw: st.DrawFn) -> tuple[Pair, int]:
    """A pair with a longish output, and how many tokens it has too many; below zero, too many for the default."""
    excess = draw(st.integers(-9, 60))
    words = draw(st.lists(fields(long=False), min_size=3, max_size=9))
    output = " ".join(words * (1 if excess >= 0 else DEFAULT_LENGTH // 2))
    return {"input": draw(fields(long=False)), "output": output}, excess


@pytest.mark.check(
    task="formatting",
    points=1,
    title="A response that is too long is cut before its end token",
    hint="Cut the response to the room that prompt and end token leave, then append the end token.",
    lesson=LESSON,
)
@given(case=_limits())
def test_long_responses_are_cut(submission, case):
    pair, excess = case
    prompt = token_ids(submission.model_path, prompt_text(pair["input"]))
    response = token_ids(submission.model_path, pair["output"])
    # From nothing to cut (0) down to one token of response: off-by-one errors show at either end.
    room = max(1, len(response) - excess) if excess >= 0 else DEFAULT_LENGTH - len(prompt) - 1
    assume(room > 0)
    limit = len(prompt) + room + 1
    named = {"max_length": limit} if excess >= 0 else {}
    tokenizer = submission.load_tokenizer(submission.model_path)
    features = submission.formatting.tokenize_example(pair, tokenizer, **named)
    require_features(features)
    returned, end = features["input_ids"], end_id(submission.model_path)
    expected = [*prompt, *response[:room], end]
    if len(returned) > limit:
        fail(
            f"The example has {len(returned)} tokens, and max_length is {limit}.", returned=returned, expected=expected
        )
    if returned[-1:] != [end]:
        hint = "Make room for the end token first: without it the model never learns to stop."
        fail("The cut has taken the end token.", returned=returned, expected=expected, hint=hint)
    if returned[: len(prompt)] != prompt:
        fail("The cut has taken a part of the prompt.", returned=returned, expected=expected)
    if returned == [*prompt, *response[-room:], end] != expected:
        fail("The cut has taken the response's beginning instead of its end.", returned=returned, expected=expected)
    if len(returned) < len(expected):
        fail("The cut has taken more than it had to.", returned=returned, expected=expected)
    assert returned == expected
    assert features["labels"] == [-100] * len(prompt) + expected[len(prompt) :]


@pytest.mark.check(
    task="formatting",
    points=0.5,
    title="A prompt that leaves no room is refused",
    hint="Raise ValueError unless one token of response and the end token fit behind the prompt.",
    lesson=LESSON,
)
@given(pair=pairs(long=False), missing=st.integers(0, 3))
def test_prompts_without_room_are_refused(submission, pair, missing):
    prompt = token_ids(submission.model_path, prompt_text(pair["input"]))
    tokenizer = submission.load_tokenizer(submission.model_path)
    just_enough = len(prompt) + 2
    features = submission.formatting.tokenize_example(pair, tokenizer, max_length=just_enough)
    require_features(features)
    limit = just_enough - 1 - missing
    try:
        features = submission.formatting.tokenize_example(pair, tokenizer, max_length=limit)
    except ValueError:
        return
    fail(f"The prompt has {len(prompt)} tokens and max_length is {limit}: this was accepted.", returned=features)


@pytest.mark.check(
    task="formatting",
    points=0.5,
    title="An end token that doubles as padding is still learnt",
    hint="Mask by position, not by id: GPT-2 pads with its end token, and each real one must keep its label.",
    lesson="README.md#which-tokens-count",
)
@given(lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4), end=st.integers(0, 300))
def test_padding_with_the_end_token(submission, lengths, end):
    # The end id also stands inside the response: ids equal to the padding's are not padding.
    rows = [[301, end, *range(302, 302 + length), end] for length in lengths]
    features = [{"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100, *ids[1:]]} for ids in rows]
    batch = submission.formatting.collate(features, end)
    gaps = [max(lengths) - length for length in lengths]
    expected_labels = [[-100, *ids[1:]] + [-100] * gap for ids, gap in zip(rows, gaps, strict=True)]
    expected_attention = [[1] * len(ids) + [0] * gap for ids, gap in zip(rows, gaps, strict=True)]
    assert batch["labels"] == expected_labels, "A label of a real token is gone."
    assert batch["attention_mask"] == expected_attention, "The attention of a real token is gone."


@st.composite
def _borderline(draw: st.DrawFn) -> list[Pair]:
    """Lists on the edge of a definition: 49 to 51 pairs, half of the outputs equal, texts that are nearly equal.

    And one of 300: Python keeps one object for each small number, so that `is` compares those as `==` does.
    """
    size = draw(st.sampled_from((2, 3, 10, 49, 50, 51, 300)))
    equal = draw(st.sampled_from((1, size // 2, size // 2 + 1)))
    rows = [{"input": f"q{n}", "output": "same" if n < equal else f"a{n}"} for n in range(size)]
    near = draw(st.sampled_from(("q0", "Q0", "q0 ", "q\u0660", "### instruction:", "###Response:", "### Response:")))
    rows[-1]["input"] = near
    return rows


@pytest.mark.check(
    task="formatting",
    points=1,
    title="The audit's limits are exact",
    hint="Fewer than 50 is too few, more than half is unbalanced, and texts are equal only if every character is.",
    lesson="README.md#the-audit",
)
@given(rows=_borderline())
@example(rows=[])
def test_audit_limits_are_exact(submission, rows):
    require_codes(submission.formatting.audit_pairs(rows), find_problems(rows))
