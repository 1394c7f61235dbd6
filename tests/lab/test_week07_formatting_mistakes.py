"""Each wrong `formatting.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import Mistake, grade_mistakes, require_found

_JOINT = (
    '    prompt = tokenizer.encode(format_prompt(example["input"]), add_special_tokens=False)\n'
    '    response = tokenizer.encode(example["output"], add_special_tokens=False)\n'
)


def _wrong(name: str, old: str, new: str, check: str, says: str) -> Mistake:
    return Mistake(name, "formatting.py", ((old, new),), f"formatting.{check}", says)


def _wrong_lines(name: str, reading: str, says: str) -> Mistake:
    changes = (
        ('Path(path).read_bytes().split(b"\\n")', reading),
        ('line.decode("utf-8")', "line"),
        ("line: bytes", "line: str"),
    )
    return Mistake(name, "formatting.py", changes, "formatting.lines_end_at_newlines_only", says)


MISTAKES = [
    _wrong(
        "instruction stripped",
        "\\n{instruction}\\n",
        "\\n{instruction.strip()}\\n",
        "prompt_follows_the_template",
        "unchanged",
    ),
    _wrong(
        "blank line missing",
        "{instruction}\\n\\n",
        "{instruction}\\n",
        "prompt_follows_the_template",
        "The whole prompt",
    ),
    _wrong(
        "newline after the output",
        '+ example["output"]\n',
        '+ example["output"] + "\\n"\n',
        "text_is_prompt_then_output",
        "nothing after it",
    ),
    _wrong(
        "values stripped",
        "        return value\n",
        "        return value.strip()\n",
        "pairs_load_as_written",
        "space around",
    ),
    _wrong(
        "other keys kept",
        "return {key: _read",
        "return record | {key: _read",
        "pairs_load_as_written",
        "keys other than",
    ),
    _wrong("counted from 0", "start=1", "start=0", "damaged_lines_are_refused_by_number", "from 1"),
    _wrong(
        "no line named",
        "line {number}: {key!r} must",
        "{key!r} must",
        "damaged_lines_are_refused_by_number",
        "does not name it",
    ),
    _wrong("blank accepted", " and value.strip()", "", "damaged_lines_are_refused_by_number", "is blank"),
    _wrong(
        "KeyError for a missing key",
        "value = record.get(key)",
        "value = record[key]",
        "damaged_lines_are_refused_by_number",
        "expected a ValueError",
    ),
    _wrong_lines("splitlines", 'Path(path).read_text(encoding="utf-8").splitlines()', "splitlines()"),
    _wrong_lines("text mode", 'Path(path).read_text(encoding="utf-8").split("\\n")', "text mode"),
    _wrong(
        "blank lines not counted",
        "enumerate(lines, start=1) if line.strip()",
        "enumerate(filter(bytes.strip, lines), start=1)",
        "line_numbers_count_blank_lines",
        "were not counted",
    ),
    _wrong(
        "bad bytes replaced",
        'decode("utf-8")',
        'decode("utf-8", "replace")',
        "line_numbers_count_blank_lines",
        "Decode strictly",
    ),
    _wrong(
        "duplicates dropped",
        "    inputs = list(dict",
        "    pairs = [pair for n, pair in enumerate(pairs) if pair not in pairs[:n]]\n    inputs = list(dict",
        "split_loses_nothing",
        "Duplicates were lost",
    ),
    _wrong(
        "pairs shuffled and cut",
        "    inputs = list(dict",
        "    cut = round(validation_fraction * len(pairs))\n    return pairs[cut:], pairs[:cut]\n    list(dict",
        "no_input_on_both_sides",
        "both sides",
    ),
    _wrong("no seed", "random.Random(seed).shuffle", "random.shuffle", "split_repeats_itself", "seed"),
    _wrong(
        "a side left empty",
        "min(max(wanted, 1), len(inputs) - 1)",
        "wanted",
        "both_sides_hold_pairs",
        "one side is empty",
    ),
    _wrong(
        "share of the pairs",
        "round(validation_fraction * len(inputs))",
        "round(validation_fraction * len(pairs))",
        "share_is_of_distinct_inputs",
        "distinct inputs",
    ),
    _wrong(
        "no end token", ", tokenizer.eos_token_id]", "]", "example_is_prompt_response_and_end", "end token is missing"
    ),
    _wrong(
        "padded to max_length",
        '"input_ids": prompt + answer,',
        '"input_ids": prompt + answer + [0] * 3,',
        "example_is_prompt_response_and_end",
        "one length",
    ),
    _wrong(
        "special tokens", ", add_special_tokens=False", "", "no_special_tokens_are_added", "add_special_tokens=False"
    ),
    _wrong(
        "tokenised in one piece",
        _JOINT,
        "    prompt = tokenizer.encode(format_prompt(example['input']), add_special_tokens=False)\n"
        "    response = tokenizer.encode(format_instruction(example), add_special_tokens=False)\n"
        "    prompt, response = response[: len(prompt)], response[len(prompt) :]\n",
        "prompt_and_response_are_tokenised_apart",
        "in one piece",
    ),
    _wrong(
        "labels on the prompt",
        "[IGNORED] * len(prompt) + answer",
        "prompt + answer",
        "labels_hide_the_prompt_only",
        "count the prompt",
    ),
    _wrong(
        "end token masked",
        "[IGNORED] * len(prompt) + answer",
        "[IGNORED] * len(prompt) + answer[:-1] + [IGNORED]",
        "labels_hide_the_prompt_only",
        "end token has no label",
    ),
    _wrong(
        "everything masked",
        "[IGNORED] * len(prompt) + answer",
        "[IGNORED] * len(prompt + answer)",
        "labels_hide_the_prompt_only",
        "nothing is left to learn",
    ),
    _wrong("masked with 0", "IGNORED = -100", "IGNORED = 0", "labels_hide_the_prompt_only", "-100"),
    _wrong(
        "end token cut off",
        "[*response[:room], tokenizer.eos_token_id]",
        "[*response, tokenizer.eos_token_id][: room + 1]",
        "long_responses_are_cut",
        "taken the end token",
    ),
    _wrong(
        "cut on the left", "response[:room]", "response[-room:]", "long_responses_are_cut", "the response's beginning"
    ),
    _wrong("nothing cut", "response[:room]", "response", "long_responses_are_cut", "max_length is"),
    _wrong("cut too much", "len(prompt) - 1\n", "len(prompt) - 2\n", "long_responses_are_cut", "more than it had to"),
    _wrong("no room accepted", "if room < 1", "if room < 0", "prompts_without_room_are_refused", "accepted"),
    _wrong(
        "padded on the left",
        "feature[key] + [fill] * (width - len(feature[key]))",
        "[fill] * (width - len(feature[key])) + feature[key]",
        "batch_is_padded_on_the_right",
        "padded on the left",
    ),
    _wrong(
        "padding has labels",
        '"labels": IGNORED}',
        '"labels": pad_token_id}',
        "batch_is_padded_on_the_right",
        "labels is not padded with -100",
    ),
    _wrong(
        "labels masked by id",
        "        key: [feature[key] + ",
        "        key: [[IGNORED if key == 'labels' and x == pad_token_id else x for x in feature[key]] + ",
        "padding_with_the_end_token",
        "label of a real token",
    ),
    _wrong("50 are too few", "< ENOUGH_PAIRS", "<= ENOUGH_PAIRS", "audit_limits_are_exact", "fewer than 50"),
    _wrong("half is unbalanced", "* 2 > len(pairs)", "* 2 >= len(pairs)", "audit_limits_are_exact", "more than half"),
    _wrong(
        "case ignored",
        '    distinct = {(pair["input"], ',
        '    distinct = {(pair["input"].lower(), ',
        "audit_limits_are_exact",
        "two different outputs",
    ),
    _wrong(
        "only outputs searched",
        'for key in ("input", "output")]\n    found',
        'for key in ("output",)]\n    found',
        "audit_names_each_problem",
        "holds `### Instruction:`",
    ),
    _wrong("codes unsorted", "return sorted(code for", "return list(code for", "audit_names_each_problem", "sorted"),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes(MISTAKES, tmp_path_factory.mktemp("formatting"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_formatting_module_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    require_found(mistake, verdicts[mistake.name])
