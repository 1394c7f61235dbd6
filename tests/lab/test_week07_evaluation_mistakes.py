"""Each wrong `evaluation.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult
from tests.lab.mistakes import Mistake, grade_mistakes, require_found

_ONE_BY_ONE = "return [_answer(model, tokenizer, instruction, max_new_tokens) for instruction in instructions]"
_IN_A_BATCH = """tokenizer.pad_token, tokenizer.padding_side = tokenizer.eos_token, "{side}"
        inputs = tokenizer([format_prompt(i) for i in instructions], padding=True, return_tensors="pt")
        width = inputs["input_ids"].shape[1]
        tokens = model.generate({inputs}, max_new_tokens=max_new_tokens, do_sample=False, pad_token_id=0)
        return tokenizer.batch_decode(tokens[:, width:], skip_special_tokens=True)"""


def _evaluation(name: str, check: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(name, "evaluation.py", changes, f"evaluation.{check}", says)


ANSWERS = [
    _evaluation("no template", "answers_are_greedy", "format_prompt", ("format_prompt(instruction),", "instruction,")),
    _evaluation(
        "prompt not cut off",
        "answers_are_greedy",
        "cut the prompt off",
        ('tokens[0, inputs["input_ids"].shape[1] :]', "tokens[0]"),
    ),
    _evaluation(
        "sampled", "answers_are_greedy", "do_sample=False", ("do_sample=False", "do_sample=True, temperature=5.0")
    ),
    _evaluation(
        "special tokens kept",
        "answers_stop_at_end_of_text",
        "skip_special_tokens=True",
        ("skip_special_tokens=True", "skip_special_tokens=False"),
    ),
    _evaluation(
        "end of text ignored",
        "answers_stop_at_end_of_text",
        "eos_token_id",
        ("        eos_token_id=tokenizer.eos_token_id,\n", "        eos_token_id=1500,\n"),
    ),
    _evaluation(
        "stripped",
        "answers_are_not_stripped",
        "taken off",
        ("skip_special_tokens=True))", "skip_special_tokens=True)).strip()"),
    ),
    _evaluation(
        "padded on the right",
        "the_batch_changes_no_answer",
        "on the left",
        (_ONE_BY_ONE, _IN_A_BATCH.format(side="right", inputs="**inputs")),
    ),
    _evaluation(
        "no attention mask",
        "the_batch_changes_no_answer",
        "attention mask",
        (_ONE_BY_ONE, _IN_A_BATCH.format(side="left", inputs='inputs["input_ids"]')),
    ),
    _evaluation(
        "answers sorted",
        "the_batch_changes_no_answer",
        "order asked",
        ("for instruction in instructions]", "for instruction in sorted(instructions)]"),
    ),
    _evaluation(
        "mode not put back",
        "the_mode_is_left_as_it_was",
        "is left in evaluation mode",
        ("model.train(was_training)", "pass"),
    ),
    _evaluation(
        "training mode afterwards",
        "the_mode_is_left_as_it_was",
        "is left in training mode",
        ("model.train(was_training)", "model.train()"),
    ),
    _evaluation("dropout left on", "the_mode_is_left_as_it_was", "dropout", ("    model.eval()", "    pass")),
    _evaluation(
        "max_length",
        "max_new_tokens_is_the_limit",
        "max_length",
        ("max_new_tokens=max_new_tokens,", "max_length=max_new_tokens + 30,"),
    ),
    _evaluation(
        "another default",
        "max_new_tokens_is_the_limit",
        "max_new_tokens",
        ("max_new_tokens: int = 40", "max_new_tokens: int = 50"),
    ),
    _evaluation(
        "the model's own sampling",
        "own_sampling_settings_do_not_matter",
        "do_sample=False",
        ("        do_sample=False,\n", ""),
    ),
]

NUMBERS = [
    _evaluation(
        "perplexity over averages",
        "perplexity_counts_tokens",
        "mean of means",
        (
            "tokens = [value for text in token_log_probs for value in text]",
            "tokens = [sum(t) / len(t) for t in token_log_probs]",
        ),
    ),
    _evaluation("perplexity to base 2", "perplexity_counts_tokens", "natural ones", ("math.exp(", "2.0 ** (")),
    _evaluation("perplexity's sign", "perplexity_counts_tokens", "*minus*", ("math.exp(-", "math.exp(")),
    _evaluation("overflow capped", "perplexity_at_its_edges", "math.inf", ("return math.inf", "return 1e300")),
    _evaluation(
        "no token, no error",
        "perplexity_at_its_edges",
        "no perplexity",
        ('raise ValueError("perplexity needs at least one token")', "return 0.0"),
    ),
    _evaluation(
        "case counts", "accuracy_looks_through_case_and_space", "casefold", (".split()).casefold()", ".split())")
    ),
    _evaluation(
        "tabs count",
        "accuracy_looks_through_case_and_space",
        "tabs and line ends",
        ("text.split())", 'text.strip().split(" "))'),
    ),
    _evaluation(
        "beginnings compared",
        "accuracy_looks_through_case_and_space",
        "compare them whole",
        ("_normalise(left) == _normalise(right)", "_normalise(right).startswith(_normalise(left))"),
    ),
    _evaluation(
        "lengths not compared",
        "accuracy_at_its_edges",
        "a ValueError should come",
        ("if len(predictions) != len(references)", "if False"),
        ("strict=True", "strict=False"),
    ),
    _evaluation(
        "spaces removed",
        "accuracy_at_its_edges",
        "as one, not as none",
        ('" ".join(text.split())', '"".join(text.split())'),
    ),
    _evaluation(
        "style by substring",
        "style_counts_whole_words",
        "Whole words only",
        ("return before + re.escape(marker) + after", "return re.escape(marker)"),
    ),
    _evaluation(
        "case of markers counts", "style_counts_whole_words", "share is off", (", text).casefold())", ", text))")
    ),
    _evaluation(
        "emoji with word's boundaries",
        "style_counts_whole_words",
        "an emoji has none",
        ("return before + re.escape(marker) + after", 'return r"\\b" + re.escape(marker) + r"\\b"'),
    ),
    _evaluation(
        "two ways to write é",
        "style_reads_every_script",
        "NFC",
        ('unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())', "text.casefold()"),
    ),
    _evaluation(
        "words in ASCII",
        "style_reads_every_script",
        "every alphabet",
        ("re.compile(_pattern(_fold(marker)))", "re.compile(_pattern(_fold(marker)), re.ASCII)"),
    ),
    _evaluation(
        "emoji only between spaces",
        "style_reads_every_script",
        "no word's boundary",
        ("return before + re.escape(marker) + after", 'return r"(?<!\\w)" + re.escape(marker) + r"(?!\\w)"'),
    ),
    _evaluation(
        "markers as patterns",
        "markers_are_text",
        "re.escape",
        ("re.escape(marker)", 'marker.replace("(:", "").replace(":)", "#").replace("?", "").replace("++", "")'),
    ),
    _evaluation(
        "order counts", "consistency_ignores_the_order", "sort them", ("sorted((left, right))", "(left, right)")
    ),
    _evaluation(
        "neighbours only",
        "consistency_is_a_mean_over_pairs",
        "not only neighbours",
        ("itertools.combinations(responses, 2)", "itertools.pairwise(responses)"),
    ),
    _evaluation(
        "0.0 without a pair",
        "identical_answers_are_consistent",
        "where there is no pair",
        ("        return 1.0\n", "        return 0.0\n"),
    ),
    _evaluation(
        "latency: more is better",
        "comparison_says_which_is_better",
        "Of latency_s, less is better",
        ('{"perplexity", "latency_s"}', '{"perplexity"}'),
    ),
    _evaluation(
        "equal is better", "comparison_says_which_is_better", "equal is not better", ("tuned > base", "tuned >= base")
    ),
    _evaluation(
        "delta the other way", "comparison_says_which_is_better", "tuned minus base", ("tuned - base", "base - tuned")
    ),
    _evaluation(
        "nothing shared, no error",
        "only_shared_metrics_are_compared",
        "ValueError",
        ("    if not shared:", "    if False:"),
    ),
    _evaluation(
        "any latency",
        "only_shared_metrics_are_compared",
        "two names",
        ("if name in LOWER_IS_BETTER", 'if name.startswith("latency")'),
    ),
]

MISTAKES = [*ANSWERS, *NUMBERS]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes(MISTAKES, tmp_path_factory.mktemp("evaluation"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_evaluation_module_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    require_found(mistake, verdicts[mistake.name])
