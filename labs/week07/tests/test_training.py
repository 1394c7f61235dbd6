"""Task 3, the checks that students have: settings that fit the run, a run that leaves an adapter, a diagnosis.

The runs take the bundled tiny model, ten pairs and whatever hyperparameters fine_tune likes best.
"""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from week07_diagnoses import RULES, curves, expect_codes, require_codes
from week07_runs import gpt2_layers, is_learnt, require_adapter, require_traces, tune

from grader.checks import Handle, fail, words

LESSON = "README.md#task-3-training"
RUN_SECONDS = 120


def require_arguments(value: object) -> Handle:
    """Return the value, or fail the check where it is no TrainingArguments."""
    if not isinstance(value, Handle) or "TrainingArguments" not in value.ancestry:
        fail("make_training_arguments should return a transformers.TrainingArguments.", returned=value)
    return value


def require_fields(arguments: Handle, expected: dict[str, object], hints: dict[str, str]) -> None:
    """Fail the check where a field of the arguments is not what it should be."""
    for name, wanted in expected.items():
        returned = getattr(arguments, name)
        if returned != wanted:
            fail(f"`{name}` is {returned!r}.", returned=returned, expected=wanted, hint=hints.get(name))


def warm_up_of(submission, num_examples: int, epochs: int, batch_size: int) -> tuple[int, int, bool]:
    """Return a run's optimizer steps, its warm-up steps, and whether those are given as a share of the run.

    Counted as TrainingArguments.get_warmup_steps does, from the field that it reads.
    """
    make = submission.training.make_training_arguments
    arguments = make(submission.folder("run"), num_examples, epochs=epochs, batch_size=batch_size)
    given, steps = require_arguments(arguments).warmup_steps, epochs * math.ceil(num_examples / batch_size)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < math.inf:
        fail("`warmup_steps` is no number of steps.", returned=given)
    return (steps, int(given), False) if given >= 1 else (steps, math.ceil(steps * given), given > 0)


@pytest.mark.check(
    task="training",
    points=1,
    title="The settings arrive in TrainingArguments",
    hint="Pass each parameter on under the name that TrainingArguments has for it.",
    lesson=LESSON,
)
@given(
    num_examples=st.integers(1, 200),
    settings=st.fixed_dictionaries(
        {},
        optional={
            "epochs": st.integers(1, 6),
            "batch_size": st.integers(1, 16),
            "learning_rate": st.sampled_from((1e-5, 2e-4, 5e-4, 1e-3)),
        },
    ),
)
def test_settings_arrive(submission, num_examples, settings):
    # A setting that the call does not name has the default of the signature.
    whole = {"epochs": 3, "batch_size": 4, "learning_rate": 2e-4} | settings
    arguments = require_arguments(
        submission.training.make_training_arguments(submission.folder("run"), num_examples, **settings)
    )
    require_fields(
        arguments,
        {
            "num_train_epochs": whole["epochs"],
            "learning_rate": whole["learning_rate"],
            "weight_decay": 0.01,
            "save_total_limit": 2,
        },
        {
            "weight_decay": "The lesson's weight_decay is 0.01; the library's own default is 0.",
            "save_total_limit": "save_total_limit=2 keeps the disk from filling with checkpoints.",
        },
    )
    # Examples that make one optimizer step: with accumulation, several small batches do.
    step = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    if step != whole["batch_size"]:
        hint = "per_device_train_batch_size times gradient_accumulation_steps is what one optimizer step sees."
        message = "An optimizer step does not see batch_size examples."
        fail(message, returned=step, expected=whole["batch_size"], hint=hint)


@pytest.mark.check(
    task="training",
    points=1,
    title="Evaluation and saving happen each epoch",
    hint='eval_strategy="epoch" and save_strategy="epoch": evaluation_strategy is the name of years ago.',
    lesson=LESSON,
)
def test_evaluation_and_saving_each_epoch(submission):
    arguments = require_arguments(submission.training.make_training_arguments(submission.folder("run"), 20))
    require_fields(arguments, {"eval_strategy": "epoch", "save_strategy": "epoch"}, {})


@pytest.mark.check(
    task="training",
    points=1.5,
    title="The warm-up fits into the run",
    hint="At most a tenth of the optimizer steps, rounded down: epochs times batches an epoch, the last one counted.",
    lesson="README.md#settings-that-learn",
)
@given(num_examples=st.integers(1, 250), epochs=st.integers(1, 5), batch_size=st.integers(1, 16))
def test_warmup_fits_the_run(submission, num_examples, epochs, batch_size):
    steps, returned, share = warm_up_of(submission, num_examples, epochs, batch_size)
    limit = min(steps // 10, 100)
    if returned <= limit:
        return
    run = f"Warm-up {returned}, whole run {steps} (optimizer steps)"
    if returned > steps:
        hint = (
            "The learning rate climbs during the warm-up. Longer than the run, and it never arrives: nothing is learnt."
        )
        fail(f"{run}: it never ends.", returned=returned, expected=words(f"at most {limit}"), hint=hint)
    if share:
        hint = "A float below 1 is a share, and the library rounds it up. Count the steps yourself, and divide with //."
        fail(f"{run}: rounded up, not down.", returned=returned, expected=words(f"at most {limit}"), hint=hint)
    if returned == steps // 10:
        hint = "A tenth of a long run is a long time: take the smaller of that and 100."
        fail(f"{run}: more than 100.", returned=returned, expected=words("at most 100"), hint=hint)
    if returned <= num_examples * epochs // 10:
        hint = "Count optimizer steps, not examples: a batch is one step, so ceil(num_examples / batch_size) an epoch."
        fail(f"{run}: a tenth of the examples.", returned=returned, expected=words(f"at most {limit}"), hint=hint)
    fail(f"{run}: too many.", returned=returned, expected=words(f"at most {limit}"))


@pytest.mark.check(
    task="training",
    points=2,
    title="fine_tune leaves a trained adapter",
    hint="Load, attach, tokenize, train, then save the PeftModel to output_dir.",
    lesson=LESSON,
    seconds=RUN_SECONDS,
)
def test_fine_tune_leaves_an_adapter(submission, oracle):
    require_traces(submission, oracle, tune(submission, seed=0))


ADAPTER_FIRST = ("training.fine_tune_leaves_an_adapter",)


@pytest.mark.check(
    task="training",
    points=0.5,
    title="The tokenizer lies beside the adapter",
    hint="tokenizer.save_pretrained(output_dir): whoever loads the adapter needs the very same tokens.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_fine_tune_saves_the_tokenizer(submission):
    files = tune(submission, seed=0).files
    if "tokenizer.json" not in files and not {"vocab.json", "merges.txt"} <= set(files):
        fail(
            "There is no tokenizer in output_dir.",
            returned=sorted(files),
            expected=words("tokenizer.json and its settings"),
        )


@pytest.mark.check(
    task="training",
    points=1,
    title="fine_tune returns its log",
    hint="Keep those of trainer.state.log_history that hold `loss` or `eval_loss`.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_fine_tune_returns_its_log(submission):
    require_log(tune(submission, seed=0).log)


def require_log(log: object) -> None:
    """Fail the check unless each record has `step`, `epoch`, and `loss` or `eval_loss`, as plain numbers."""
    if not isinstance(log, list) or not log:
        fail(
            "fine_tune should return a list of records.",
            returned=log,
            expected=words("[{'step': …, 'epoch': …, 'loss': …}]"),
        )
    for record in log:
        if not isinstance(record, dict):
            fail("A record of the log is no dict.", returned=record)
        missing = [name for name in ("step", "epoch") if name not in record]
        if missing:
            fail(f"A record has no {' and no '.join(missing)}.", returned=record)
        if "loss" not in record and "eval_loss" not in record:
            hint = "The Trainer's last record is a summary of the whole run, with a train_runtime: leave it out."
            fail("A record has neither `loss` nor `eval_loss`.", returned=record, hint=hint)
        for name in {"step", "epoch", "loss", "eval_loss"} & set(record):
            if isinstance(record[name], bool) or not isinstance(record[name], int | float):
                hint = "Plain numbers only: loss.item() makes one of a tensor."
                fail(f"`{name}` is no number.", returned=record, hint=hint)


@pytest.mark.check(
    task="training",
    points=1,
    title="The run learns the pairs that it is given",
    hint="Train on train_pairs, with labels on the responses, each on its own token: the model shifts them itself.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_fine_tune_learns_the_pairs(submission, oracle):
    # Right submissions gain 2.8 nats and more, those that hardly train 0.03.
    learnt = require_traces(submission, oracle, tune(submission, seed=0))
    if learnt["gain"] < 0.1 or not is_learnt(learnt):
        fail(
            "With the adapter, the loss on the responses that it was trained on is hardly lower than of any other run.",
            returned=f"lower by {learnt['gain']:.3f} nats a token",
            expected=words("clearly lower"),
        )


@pytest.mark.check(
    task="training",
    points=0.5,
    title="The same seed gives the same adapter",
    hint="Call set_seed(seed) before attach_adapter: LoRA's A matrices are drawn there, long before the Trainer seeds.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_same_seed_same_adapter(submission, oracle):
    first = require_adapter(tune(submission, seed=0), oracle, gpt2_layers(submission))
    tune(submission, seed=1)  # leaves every random generator somewhere else
    second = require_adapter(tune(submission, seed=0, again=True), oracle, gpt2_layers(submission))
    if first != second:
        drawn = [name for name in first if ".lora_A." in name and first[name] != second[name]]
        fail(f"Two runs with seed=0 differ in {len(drawn)} of the A matrices, and in what follows from them.")


@pytest.mark.check(
    task="training",
    points=1,
    title="Each pitfall is told from the losses",
    hint="Look at one rule after the other, and sort the codes.",
    lesson="README.md#pitfalls",
)
@given(run=curves(errors=st.none()))
@example(run={"train_loss": [3.0, 1.0], "eval_loss": [3.0, 1.0, 2.0], "general_loss": None, "error": None})
def test_diagnose_names_the_pitfalls(submission, run):
    require_codes(submission.training.diagnose(run), expect_codes(run), RULES)
