"""Task 3, the hidden checks: what the saved adapter shows of the run, and the settings' and diagnoses' far ends."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_training import warm_up_of
from week07_diagnoses import OTHER_ERRORS, OUT_OF_MEMORY, RULES, curves, expect_codes, require_codes
from week07_pairs import draw_rows
from week07_runs import (
    CONFIG,
    Run,
    gpt2_layers,
    is_checkpoint,
    measured,
    model_files,
    place,
    require_adapter,
    require_traces,
    tune,
)

from grader.checks import fail, words

LESSON = "README.md#task-3-training"
ADAPTER_FIRST = ("training.fine_tune_leaves_an_adapter",)
RUN_SECONDS = 120


@pytest.mark.check(
    task="training",
    points=0.5,
    title="Seed, device and folder arrive too",
    hint="output_dir, seed and use_cpu belong to TrainingArguments: hand all three on.",
    lesson=LESSON,
)
@given(settings=st.fixed_dictionaries({}, optional={"seed": st.integers(0, 100_000), "use_cpu": st.booleans()}))
def test_seed_and_device_arrive(submission, settings):
    folder = submission.folder("run")
    expected = {"output_dir": folder, "seed": 0, "use_cpu": True} | settings
    try:
        arguments = submission.training.make_training_arguments(folder, 20, **settings)
    except ValueError:
        if expected["use_cpu"]:
            raise
        return  # half precision was asked for, and this machine has no GPU
    assert {name: getattr(arguments, name) for name in expected} == expected


@pytest.mark.check(
    task="training",
    points=0.5,
    title="Long runs warm up for at most 100 steps",
    hint="A tenth of a long run is a long time: take the smaller of that and 100.",
    lesson="README.md#settings-that-learn",
)
@given(num_examples=st.integers(500, 100_000), epochs=st.integers(1, 5), batch_size=st.integers(1, 16))
def test_long_runs_warm_up_briefly(submission, num_examples, epochs, batch_size):
    steps, returned, _ = warm_up_of(submission, num_examples, epochs, batch_size)
    if returned > min(steps // 10, 100):
        message = f"A run of {steps} optimizer steps warms up for {returned}."
        fail(message, returned=returned, expected=words(f"at most {min(steps // 10, 100)}"))


@pytest.mark.check(
    task="training",
    points=1,
    title="Only the adapter and the tokenizer are left",
    hint="Let the Trainer write its checkpoints into a temporary folder, and save the adapter alone to output_dir.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_only_the_adapter_is_left(submission):
    run = tune(submission, seed=0)
    checkpoints = [name for name in sorted(run.files) if is_checkpoint(name)]
    if checkpoints:
        fail(f"{len(checkpoints)} files of checkpoints are left in output_dir.", returned=checkpoints[:6])
    if run.full_models:
        hint = "An adapter of some kilobytes is all that is needed: the base model is there already."
        fail("A full model is left in output_dir.", returned=run.full_models, hint=hint)
    if run.base_changed:
        fail("The base model's folder was changed.", hint="Write to output_dir only: others use the base model too.")


@pytest.mark.check(
    task="training",
    points=0.5,
    title="Another seed gives another adapter",
    hint="Use the parameter `seed` in set_seed and in the arguments, not a number of your own.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_another_seed_another_adapter(submission, oracle):
    layers = gpt2_layers(submission)
    first, second = (require_adapter(tune(submission, seed=seed), oracle, layers) for seed in (0, 1))
    if first == second:
        fail("seed=0 and seed=1 gave the very same adapter, bit by bit: the seed is not used.")


@pytest.mark.check(
    task="training",
    points=0.5,
    title="There need not be validation pairs",
    hint="Without validation pairs, turn evaluation off: an evaluation strategy without data is an error.",
    lesson=LESSON,
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_validation_may_be_empty(submission, oracle):
    run = tune(submission, seed=0, validate=False)
    require_traces(submission, oracle, run)
    if not isinstance(run.log, list) or not any("loss" in record for record in run.log):
        fail("Without validation pairs, the log should still tell the training loss.", returned=run.log)


@pytest.mark.check(
    task="training",
    points=1,
    title="The tuned model learns to stop",
    hint="EOS must stand behind each response with its own id as label. Padding with EOS and then hiding every EOS in "
    "the labels, as the library's collator does, leaves a model that never stops.",
    lesson="README.md#which-tokens-count",
    needs=(*ADAPTER_FIRST, "training.fine_tune_learns_the_pairs"),
    seconds=RUN_SECONDS,
)
def test_the_model_learns_to_stop(submission, oracle):
    # The responses end in the middle of a sentence: only an EOS that was trained on makes the model stop there.
    # Its loss is then nearer to that of the responses' tokens than to that of an EOS before their end. Over twenty
    # seeds a whole batch, packing and a plain loop end at least 1.3 nats on that side of the middle; an EOS that is
    # missing or hidden, as far on the other; over eight, the library's collator at least 0.2.
    before, after = measured(submission, oracle, tune(submission, seed=0))
    if after["end"] <= (after["response"] + after["early_end"]) / 2 - 0.5:
        return
    # Of the responses' loss, right runs leave a quarter at most, and so do those that hide EOS; rates far off a half.
    if after["response"] > 0.4 * before["response"]:
        fail(
            "The model has learnt too little of the responses to know where they end.",
            returned=f"loss on the responses {before['response']:.2f} → {after['response']:.2f} nats a token",
            expected=words("about a quarter of it"),
            hint="Poor convergence comes of a learning rate far too low or of too few steps, catastrophic forgetting "
            "of a rate far too high: take one near 5e-4, and some 60 optimizer steps.",
        )
    fail(
        "The model has learnt the responses, and not that they end.",
        returned=f"loss on the end token {before['end']:.2f} → {after['end']:.2f} nats",
        expected=words(f"a fall like that of the responses, {before['response']:.2f} → {after['response']:.2f}"),
    )


@pytest.mark.check(
    task="training",
    points=0.5,
    title="The loss counts responses, not prompts",
    hint="Labels are -100 on the prompt's tokens: a model should learn to answer, not to ask.",
    lesson="README.md#which-tokens-count",
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_prompts_are_no_targets(submission, oracle):
    # All prompts begin with the same words that no model has met. Trained on, their loss falls by more than half of
    # what the responses' does; otherwise by less than a fifth.
    before, after = measured(submission, oracle, tune(submission, seed=0))
    if before["prompt"] - after["prompt"] > 0.35 * (before["response"] - after["response"]):
        fail(
            "The model has learnt the prompts too.",
            returned=f"loss on the prompts {before['prompt']:.2f} → {after['prompt']:.2f} nats a token",
            expected=words(f"about {before['prompt']:.2f}, as before"),
        )


@pytest.mark.check(
    task="training",
    points=0.5,
    title="fine_tune asks the model for its type",
    hint='make_lora_config(model.config.model_type): "gpt2", or the name of any layer, does not fit a Llama.',
    lesson="README.md#which-layers",
    needs=ADAPTER_FIRST,
    seconds=RUN_SECONDS,
)
def test_fine_tune_asks_for_the_type(submission, oracle):
    path = place(submission, model_files(submission) | oracle.random_llama(submission.model_path))
    folder = submission.folder("llama")
    log = submission.training.fine_tune(path, draw_rows(submission.seed).train[:4], [], folder)  # any seed will do
    layers = [f"model.layers.{block}.self_attn.{name}" for block in (0, 1) for name in ("q_proj", "v_proj")]
    run = Run(log, submission.collect(folder), base_changed=False)
    require_adapter(run, oracle, layers)
    config = json.loads(run.files.get(CONFIG, b"{}"))
    if config.get("fan_in_fan_out"):
        hint = "fan_in_fan_out is for gpt2, whose layers store their weights transposed: use make_lora_config."
        fail("fan_in_fan_out is set for a Llama.", returned=True, expected=False, hint=hint)


CALM = {"general_loss": None, "error": None}
AT_THE_LIMITS = [
    # exactly 0.90 of the first, 1.10 of the lowest, 1.10 of before: nothing is above
    ({"train_loss": [10.0, 9.0], "eval_loss": [12.0, 10.0, 11.0], "general_loss": [10.0, 11.0]}, ["healthy"]),
    # the last counts, not the lowest; the lowest counts, not the first
    ({"train_loss": [4.0, 1.0, 3.9], "eval_loss": [3.0, 3.0]}, ["poor_convergence"]),
    ({"train_loss": [4.0, 1.0], "eval_loss": [3.0, 1.0, 2.0]}, ["overfitting"]),
    ({"train_loss": [4.0, 1.0], "eval_loss": [3.0, 9.0, 2.0]}, ["healthy"]),
    # not finite, with an eval loss that would be overfitting in a run that converged
    ({"train_loss": [4.0, math.nan], "eval_loss": [1.0, 2.0]}, ["poor_convergence"]),
    ({"train_loss": [4.0, math.inf], "eval_loss": [1.0, 1.0]}, ["poor_convergence"]),
    ({"train_loss": [4.0, -math.inf], "eval_loss": [1.0, 1.0]}, ["poor_convergence"]),
    # one measurement only: it has not fallen
    ({"train_loss": [2.0], "eval_loss": [2.0]}, ["poor_convergence"]),
    ({"train_loss": [4.0, 1.0], "eval_loss": [2.0], "general_loss": [2.0, 2.5]}, ["catastrophic_forgetting"]),
]


@pytest.mark.check(
    task="training",
    points=1,
    title="The limits themselves are still fine",
    hint="Above means above: a value right on a limit has not passed it.",
    lesson="README.md#pitfalls",
)
@given(case=st.sampled_from(AT_THE_LIMITS))
def test_limits_are_still_fine(submission, case):
    losses, expected = case
    rules = RULES if expected != ["healthy"] else dict.fromkeys(RULES, "Above means above: on the limit is still fine.")
    require_codes(submission.training.diagnose(CALM | losses), expected, rules)


@pytest.mark.check(
    task="training",
    points=0.5,
    title="Errors are read in any case, and others are no diagnosis",
    hint="Lower the error's text before you look into it; an error of another kind adds no code and is not healthy.",
    lesson="README.md#pitfalls",
)
@given(run=curves(errors=st.sampled_from(OUT_OF_MEMORY + OTHER_ERRORS)))
@example(run={"train_loss": [3.0, 1.0], "eval_loss": [2.0, 2.0], "general_loss": None, "error": OTHER_ERRORS[0]})
@example(run={"train_loss": [3.0, 3.0], "eval_loss": [2.0, 2.0], "general_loss": None, "error": OUT_OF_MEMORY[2]})
def test_errors_are_read(submission, run):
    require_codes(submission.training.diagnose(run), expect_codes(run), RULES)
