"""Each wrong `training.py` or `evaluation.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult, Outcome
from tests.lab.mistakes import Mistake, grade_mistakes

_SAVE = "    model.save_pretrained(output_dir)\n"
_TRAIN = "        trainer.train()\n"
_ATTACH = "attach_adapter(model, make_lora_config(model.config.model_type))"
_TO_BATCH = "    return {key: torch.tensor(rows) for key, rows in collate(features, pad).items()}\n"
_TO_SCRATCH = "        arguments = make_training_arguments(\n            scratch"
_TO_OUTPUT = "        arguments = make_training_arguments(\n            output_dir"
_NO_CHECKPOINTS = '        arguments.set_save("no")  # the run takes seconds: only its end is worth keeping\n'

_ONE_BY_ONE = "return [_answer(model, tokenizer, instruction, max_new_tokens) for instruction in instructions]"
_IN_A_BATCH = """tokenizer.pad_token, tokenizer.padding_side = tokenizer.eos_token, "{side}"
        inputs = tokenizer([format_prompt(i) for i in instructions], padding=True, return_tensors="pt")
        width = inputs["input_ids"].shape[1]
        tokens = model.generate({inputs}, max_new_tokens=max_new_tokens, do_sample=False, pad_token_id=0)
        return tokenizer.batch_decode(tokens[:, width:], skip_special_tokens=True)"""


def _config_with(changes: str) -> str:
    return f'attach_adapter(model, __import__("dataclasses").replace({_ATTACH[22:-1]}, {changes}))'


def _training(name: str, check: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(name, "training.py", changes, f"training.{check}", says)


def _evaluation(name: str, check: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(name, "evaluation.py", changes, f"evaluation.{check}", says)


SETTINGS = [
    _training("epochs ignored", "settings_arrive", "`num_train_epochs`", ("epochs=epochs,", "epochs=3,")),
    _training("default weight decay", "settings_arrive", "`weight_decay`", ("        weight_decay=0.01,\n", "")),
    _training("all checkpoints kept", "settings_arrive", "save_total_limit=2", ("        save_total_limit=2,\n", "")),
    _training(
        "never evaluated",
        "evaluation_and_saving_each_epoch",
        "`eval_strategy`",
        ('        eval_strategy="epoch",\n', ""),
    ),
    _training(
        "warm-up longer than the run",
        "warmup_fits_the_run",
        "it never arrives",
        ("min(steps // 10, LONGEST_WARMUP)", "LONGEST_WARMUP"),
    ),
    _training(
        "warm-up as a share", "warmup_fits_the_run", "rounds it up", ("min(steps // 10, LONGEST_WARMUP)", "0.1")
    ),
    _training(
        "warm-up counts examples",
        "warmup_fits_the_run",
        "optimizer steps, not examples",
        ("math.ceil(num_examples / batch_size)", "num_examples"),
    ),
    _training(
        "warm-up without a cap",
        "long_runs_warm_up_briefly",
        "smaller of that and 100",
        ("min(steps // 10, LONGEST_WARMUP)", "steps // 10"),
    ),
    _training("seed not passed on", "seed_and_device_arrive", "seed and use_cpu", ("        seed=seed,\n", "")),
]

RUNS = [
    _training(
        "merged before saving",
        "fine_tune_leaves_an_adapter",
        "merge_and_unload",
        (_SAVE, "    model.merge_and_unload().save_pretrained(output_dir)\n"),
    ),
    _training("nothing saved", "fine_tune_leaves_an_adapter", "End with model.save_pretrained", (_SAVE, "")),
    _training(
        "saved before training",
        "fine_tune_leaves_an_adapter",
        "learnt nothing",
        (_SAVE, ""),
        (_TRAIN, _SAVE.replace("    ", "        ") + _TRAIN),
    ),
    _training(
        "saved as a checkpoint only",
        "fine_tune_leaves_an_adapter",
        "checkpoints go to a temporary folder",
        (_SAVE, ""),
        (_NO_CHECKPOINTS, ""),
        (_TO_SCRATCH, _TO_OUTPUT),
    ),
    _training(
        "the head trained too",
        "fine_tune_leaves_an_adapter",
        "no modules_to_save",
        (_ATTACH, _config_with('modules_to_save=["ln_f"]')),
    ),
    _training(
        "more layers adapted",
        "fine_tune_leaves_an_adapter",
        "on other layers",
        (_ATTACH, _config_with('target_modules=["c_attn", "c_proj"]')),
    ),
    _training(
        "no tokenizer",
        "fine_tune_saves_the_tokenizer",
        "tokenizer.save_pretrained",
        ("    tokenizer.save_pretrained(output_dir)\n", ""),
    ),
    _training(
        "the Trainer's summary in the log",
        "fine_tune_returns_its_log",
        "summary of the whole run",
        ('if "loss" in record or "eval_loss" in record]', "]"),
    ),
    _training("no step in the log", "fine_tune_returns_its_log", "has no step", ('LOGGED = ("step", ', "LOGGED = (")),
    _training(
        "trained on its own pairs",
        "fine_tune_learns_the_pairs",
        "Train on train_pairs",
        ("_tokenize(train_pairs,", '_tokenize([{"input": "Hi", "output": "Yes."}] * 20,'),
    ),
    _training(
        "adapter drawn before the seed",
        "same_seed_same_adapter",
        "before attach_adapter",
        ("    set_seed(seed)  # before", "    # before"),
    ),
    _training(
        "seed ignored",
        "another_seed_another_adapter",
        "the seed is not used",
        ("    disable_progress_bar()\n", "    disable_progress_bar()\n    seed = 42\n"),
    ),
    _training(
        "checkpoints left",
        "only_the_adapter_is_left",
        "temporary folder",
        (_NO_CHECKPOINTS, ""),
        (_TO_SCRATCH, _TO_OUTPUT),
    ),
    _training(
        "full model saved as well",
        "only_the_adapter_is_left",
        "full model",
        (_SAVE, _SAVE + "    model.merge_and_unload().save_pretrained(output_dir)\n"),
    ),
    _training(
        "validation taken for granted",
        "validation_may_be_empty",
        "eval",
        ("        if not validation_pairs:\n", "        if False:\n"),
    ),
    _training(
        "labels not masked",
        "prompts_are_no_targets",
        "-100 on the prompt",
        (_TO_BATCH, _TO_BATCH.replace("return {", "return {**{").replace("}\n", '}, "labels": IDS}\n')),
        ('"labels": IDS', '"labels": torch.tensor(collate(features, pad)["input_ids"])'),
    ),
    _training(
        "end token missing",
        "the_model_learns_to_stop",
        "EOS must stand behind each response",
        ("[tokenize_example(pair, tokenizer) for", "[_cut(tokenize_example(pair, tokenizer)) for"),
        ("def _pick(", "def _cut(example):\n    return {key: row[:-1] for key, row in example.items()}\n\n\ndef _pick("),
    ),
    _training(
        "end token hidden as padding",
        "the_model_learns_to_stop",
        "hiding every EOS",
        ("collate(features, pad).items()}\n", "_hide(collate(features, pad), pad).items()}\n"),
        (
            "def _pick(",
            "def _hide(batch, pad):\n"
            '    labels = [[-100 if token == pad else token for token in row] for row in batch["labels"]]\n'
            '    return {**batch, "labels": labels}\n\n\ndef _pick(',
        ),
    ),
    _training(
        "gpt2 taken for granted",
        "fine_tune_asks_for_the_type",
        "c_attn",
        ("make_lora_config(model.config.model_type)", 'make_lora_config("gpt2")'),
    ),
]

DIAGNOSES = [
    _training("codes unsorted", "diagnose_names_the_pitfalls", "not sorted", ("codes = sorted(code", "codes = list(code")),
    _training(
        "overfitting in a run that never converged",
        "diagnose_names_the_pitfalls",
        "not poor_convergence",
        ("not stuck and bool(evaluation)", "bool(evaluation)"),
    ),
    _training(
        "eval loss held against the first",
        "diagnose_names_the_pitfalls",
        "the lowest",
        ("min(evaluation)", "evaluation[0]"),
    ),
    _training(
        "lowest train loss instead of the last",
        "diagnose_names_the_pitfalls",
        "the last train loss",
        ("train[-1] > 0.90", "min(train) > 0.90"),
    ),
    _training("limits included", "limits_are_still_fine", "Above means above", ("> 0.90 *", ">= 0.90 *")),
    _training("NaN overlooked", "limits_are_still_fine", "NaN", ("not math.isfinite(train[-1]) or ", "")),
    _training("case of an error", "errors_are_read", "in any case", (' or "").lower()', ' or "")')),
    _training(
        "healthy in spite of an error",
        "errors_are_read",
        "no error at all",
        ('(["healthy"] if run["error"] is None else [])', '["healthy"]'),
    ),
]

ANSWERS = [
    _evaluation("no template", "answers_are_greedy", "format_prompt", ("format_prompt(instruction),", "instruction,")),
    _evaluation(
        "prompt not cut off", "answers_are_greedy", "cut the prompt off", ('tokens[0, inputs["input_ids"].shape[1] :]', "tokens[0]")
    ),
    _evaluation("sampled", "answers_are_greedy", "do_sample=False", ("do_sample=False", "do_sample=True, temperature=5.0")),
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
    _evaluation("stripped", "answers_are_not_stripped", "taken off", ("skip_special_tokens=True))", "skip_special_tokens=True)).strip()")),
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
    _evaluation("mode not put back", "the_mode_is_left_as_it_was", "is left in evaluation mode", ("model.train(was_training)", "pass")),
    _evaluation("training mode afterwards", "the_mode_is_left_as_it_was", "is left in training mode", ("model.train(was_training)", "model.train()")),
    _evaluation("dropout left on", "the_mode_is_left_as_it_was", "dropout", ("    model.eval()", "    pass")),
    _evaluation(
        "max_length", "max_new_tokens_is_the_limit", "max_length", ("max_new_tokens=max_new_tokens,", "max_length=max_new_tokens + 30,")
    ),
    _evaluation("another default", "max_new_tokens_is_the_limit", "max_new_tokens", ("max_new_tokens: int = 40", "max_new_tokens: int = 50")),
    _evaluation("the model's own sampling", "own_sampling_settings_do_not_matter", "do_sample=False", ("        do_sample=False,\n", "")),
]

NUMBERS = [
    _evaluation(
        "perplexity over averages",
        "perplexity_counts_tokens",
        "mean of means",
        ("tokens = [value for text in token_log_probs for value in text]", "tokens = [sum(t) / len(t) for t in token_log_probs]"),
    ),
    _evaluation("perplexity to base 2", "perplexity_counts_tokens", "natural ones", ("math.exp(", "2.0 ** (")),
    _evaluation("perplexity's sign", "perplexity_counts_tokens", "*minus*", ("math.exp(-", "math.exp(")),
    _evaluation("overflow capped", "perplexity_at_its_edges", "math.inf", ("return math.inf", "return 1e300")),
    _evaluation("no token, no error", "perplexity_at_its_edges", "no perplexity", ('raise ValueError("perplexity needs at least one token")', "return 0.0")),
    _evaluation("case counts", "accuracy_looks_through_case_and_space", "casefold", (".split()).casefold()", ".split())")),
    _evaluation("tabs count", "accuracy_looks_through_case_and_space", "tabs and line ends", ("text.split())", 'text.strip().split(" "))')),
    _evaluation("beginnings compared", "accuracy_looks_through_case_and_space", "compare them whole", ("_normalise(left) == _normalise(right)", "_normalise(right).startswith(_normalise(left))")),
    _evaluation(
        "lengths not compared",
        "accuracy_at_its_edges",
        "a ValueError should come",
        ("if len(predictions) != len(references)", "if False"),
        ("strict=True", "strict=False"),
    ),
    _evaluation("spaces removed", "accuracy_at_its_edges", "as one, not as none", ('" ".join(text.split())', '"".join(text.split())')),
    _evaluation("style by substring", "style_counts_whole_words", "Whole words only", ("return before + re.escape(marker) + after", "return re.escape(marker)")),
    _evaluation("case of markers counts", "style_counts_whole_words", "share is off", (', text).casefold())', ', text))')),
    _evaluation("emoji with word's boundaries", "style_counts_whole_words", "an emoji has none", ("return before + re.escape(marker) + after", 'return r"\\b" + re.escape(marker) + r"\\b"')),
    _evaluation("two ways to write é", "style_reads_every_script", "NFC", ('unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())', "text.casefold()")),
    _evaluation("words in ASCII", "style_reads_every_script", "every alphabet", ("re.compile(_pattern(_fold(marker)))", "re.compile(_pattern(_fold(marker)), re.ASCII)")),
    _evaluation("emoji only between spaces", "style_reads_every_script", "no word's boundary", ("return before + re.escape(marker) + after", 'return r"(?<!\\w)" + re.escape(marker) + r"(?!\\w)"')),
    _evaluation("markers as patterns", "markers_are_text", "re.escape", ("re.escape(marker)", 'marker.replace("(:", "").replace(":)", "#").replace("?", "").replace("++", "")')),
    _evaluation("order counts", "consistency_ignores_the_order", "sort them", ("sorted((left, right))", "(left, right)")),
    _evaluation("neighbours only", "consistency_is_a_mean_over_pairs", "not only neighbours", ("itertools.combinations(responses, 2)", "itertools.pairwise(responses)")),
    _evaluation("0.0 without a pair", "identical_answers_are_consistent", "where there is no pair", ("        return 1.0\n", "        return 0.0\n")),
    _evaluation("latency: more is better", "comparison_says_which_is_better", "Of latency_s, less is better", ('{"perplexity", "latency_s"}', '{"perplexity"}')),
    _evaluation("equal is better", "comparison_says_which_is_better", "equal is not better", ("tuned > base", "tuned >= base")),
    _evaluation("delta the other way", "comparison_says_which_is_better", "tuned minus base", ("tuned - base", "base - tuned")),
    _evaluation("nothing shared, no error", "only_shared_metrics_are_compared", "ValueError", ("    if not shared:", "    if False:")),
    _evaluation("any latency", "only_shared_metrics_are_compared", "two names", ("if name in LOWER_IS_BETTER", 'if name.startswith("latency")')),
]

MISTAKES = [*SETTINGS, *RUNS, *DIAGNOSES, *ANSWERS, *NUMBERS]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes(MISTAKES, tmp_path_factory.mktemp("training"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_module_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    result = verdicts[mistake.name]
    # A mistake that makes a library raise is told in the library's words.
    assert result.outcome in (Outcome.FAILED, Outcome.ERRORED), f"{result.outcome}: {result.message}"
    assert mistake.says in f"{result.message}\n{result.hint}"
