"""Each wrong `training.py` loses the check about its mistake, and is told what the mistake is."""

import pytest

from grader.results import CheckResult, Outcome
from tests.lab.mistakes import Mistake, grade_mistakes

_SAVE = "    model.save_pretrained(str(output_dir))\n"
_TRAIN = "        trainer.train()\n"
_ATTACH = "attach_adapter(base, make_lora_config(base.config.model_type))"
_TO_BATCH = "    return {key: torch.tensor(rows) for key, rows in collate(features, pad).items()}\n"
_TO_SCRATCH = "        arguments = make_training_arguments(\n            scratch"
_TO_OUTPUT = "        arguments = make_training_arguments(\n            output_dir"
_NO_CHECKPOINTS = '        arguments.set_save("no")  # the run takes seconds: only its end is worth keeping\n'


def _config_with(changes: str) -> str:
    return f'attach_adapter(base, __import__("dataclasses").replace({_ATTACH[21:-1]}, {changes}))'


def _training(name: str, check: str, says: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(name, "training.py", changes, f"training.{check}", says)


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
    _training("warm-up as a share", "warmup_fits_the_run", "rounds it up", ("min(steps // 10, LONGEST_WARMUP)", "0.1")),
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
        "a rate at which nothing holds",
        "fine_tune_leaves_an_adapter",
        "NaN",
        ("learning_rate=5e-4", "learning_rate=5.0"),
    ),
    _training(
        "a rate that never arrives",
        "fine_tune_learns_the_pairs",
        "hardly lower",
        ("min(steps // 10, LONGEST_WARMUP)", "100_000"),
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
        ("    set_seed(seed)  # before", "    seed = 42\n    set_seed(seed)  # before"),
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
        "mask the wrong way round",
        "prompts_are_no_targets",
        "-100 on the prompt",
        (
            "tokenize_example(pair, tokenizer) for",
            "_turn(tokenize_example(pair, tokenizer)) for",
        ),
        (
            "def _pick(",
            "def _turn(example):\n"
            '    both = zip(example["input_ids"], example["labels"])\n'
            '    return {**example, "labels": [a if b == -100 else -100 for a, b in both]}\n\n\ndef _pick(',
        ),
    ),
    _training(
        "end token missing",
        "the_model_learns_to_stop",
        "EOS must stand behind each response",
        ("[tokenize_example(pair, tokenizer) for", "[_cut(tokenize_example(pair, tokenizer)) for"),
        (
            "def _pick(",
            "def _cut(example):\n    return {key: row[:-1] for key, row in example.items()}\n\n\ndef _pick(",
        ),
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
        ("make_lora_config(base.config.model_type)", 'make_lora_config("gpt2")'),
    ),
]

DIAGNOSES = [
    _training(
        "codes unsorted", "diagnose_names_the_pitfalls", "not sorted", ("codes = sorted(code", "codes = list(code")
    ),
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

MISTAKES = [*SETTINGS, *RUNS, *DIAGNOSES]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    return grade_mistakes(MISTAKES, tmp_path_factory.mktemp("training"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_wrong_training_module_is_told_its_mistake(mistake: Mistake, verdicts: dict[str, CheckResult]) -> None:
    result = verdicts[mistake.name]
    # A mistake that makes a library raise is told in the library's words.
    assert result.outcome in (Outcome.FAILED, Outcome.ERRORED), f"{result.outcome}: {result.message}"
    assert mistake.says in f"{result.message}\n{result.hint}"
