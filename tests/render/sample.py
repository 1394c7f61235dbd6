"""A result of middling quality with every outcome in it, and the same in other conditions."""

from collections.abc import Callable, Sequence

import msgspec

from grader.results import (
    CheckResult,
    Example,
    Measure,
    Outcome,
    Pitfall,
    Plain,
    Result,
    RubricLine,
    Sample,
    SandboxInfo,
    SubmissionInfo,
    TaskResult,
    TrainingResult,
    sum_task,
)

_TRACEBACK = """\
Traceback (most recent call last):
  File "lora_config.py", line 41, in make_quantization_config
    return BitsAndBytesConfig(load_in_8bit=True, llm_int8_treshold=6.0)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
TypeError: __init__() got an unexpected keyword argument 'llm_int8_treshold'
"""


def _check(
    task: str,
    name: str,
    title: str,
    outcome: Outcome,
    points: float,
    *,
    message: str = "",
    example: Example | None = None,
    hint: str = "",
    hidden: bool = False,
) -> CheckResult:
    return CheckResult(
        id=f"{task}.{name}",
        title=title,
        outcome=outcome,
        points=points if outcome is Outcome.PASSED else 0.0,
        max_points=points,
        message=message,
        example=example,
        hint=hint,
        lesson=f"README.md#task-{task}",
        hidden=hidden,
        duration_s=0.2,
    )


def _formatting() -> TaskResult:
    checks = [
        _check("formatting", "prompt_layout", "The prompt has the lesson's layout", Outcome.PASSED, 3),
        _check(
            "formatting",
            "prompt_is_prefix",
            "The prompt is where training text and generation meet",
            Outcome.FAILED,
            3,
            message="Training text and prompt part company, so the model is asked something it never saw.",
            example=Example(
                call="format_instruction({'input': 'How do I return an item?', 'output': 'Hey there! 😊'})",
                returned=repr("### Instruction:\nHow do I return an item?\n\n### Response: Hey there! 😊"),
                expected=repr("### Instruction:\nHow do I return an item?\n\n### Response:\nHey there! 😊"),
            ),
            hint="Generation must stop exactly where the answer begins: build on `format_prompt`.",
        ),
        _check(
            "formatting",
            "split_is_disjoint",
            "No question stands on both sides of the split",
            Outcome.FAILED,
            4,
            hidden=True,
            message="The same input was found in train and in validation.",
            example=Example(
                call="split_pairs([{'input': 'a', 'output': '0'}, {'input': 'a', 'output': '1'}, …])",
                returned=repr({"shared": ["a"], "train": 3, "validation": 1}),
                expected=repr({"shared": [], "train": 2, "validation": 2}),
            ),
            hint="Split the distinct inputs, then hand out the pairs.",
        ),
        _check("formatting", "load_reads_lines", "Lines end at a newline and nowhere else", Outcome.PASSED, 3),
        _check(
            "formatting", "load_names_the_line", "A broken line is named by its number", Outcome.PASSED, 3, hidden=True
        ),
        _check(
            "formatting",
            "collate_keeps_eos",
            "Padding is masked, and an end of text that doubles as padding is not",
            Outcome.TIMED_OUT,
            4,
            message="No answer within 10 seconds.",
            example=Example(call="collate([{'input_ids': [5, 0], …}], pad_token_id=0)"),
            hint="Look for a loop that waits for a value that never comes.",
        ),
    ]
    return sum_task("formatting", "Turn pairs into training examples", checks)


def _lora_config() -> TaskResult:
    checks = [
        _check("lora_config", "alpha_is_twice_rank", "Alpha is twice the rank", Outcome.PASSED, 3),
        _check(
            "lora_config",
            "target_modules",
            "Each architecture has its own attention layers",
            Outcome.FAILED,
            4,
            message="GPT-2 keeps query, key and value in one layer.",
            example=Example(call="target_modules_for('gpt2')", returned="['q_proj', 'v_proj']", expected="['c_attn']"),
            hint="Print `model.named_modules()` and look for the attention block.",
        ),
        _check(
            "lora_config",
            "eight_bits",
            "Eight bits are asked for in today's names",
            Outcome.ERRORED,
            4,
            message="TypeError: __init__() got an unexpected keyword argument 'llm_int8_treshold'",
            example=Example(call="make_quantization_config(8)", expected="BitsAndBytesConfig", traceback=_TRACEBACK),
            hint="The defaults are good: leave the threshold out.",
        ),
        _check(
            "lora_config",
            "layers_match",
            "The adapter sits on the right layers and on no others",
            Outcome.BLOCKED,
            4,
            message="Waits for: Each architecture has its own attention layers.",
        ),
        _check(
            "lora_config",
            "trainable_share",
            "Less than 1 % of a 7B model trains",
            Outcome.HARNESS_ERROR,
            3,
            message="The worker could not be started twice in a row.",
        ),
    ]
    return sum_task("lora_config", "Configure LoRA", checks)


def _training_task() -> TaskResult:
    checks = [
        _check("training", "arguments_evaluate_each_epoch", "Evaluation comes each epoch", Outcome.PASSED, 3),
        CheckResult(
            id="training.adoption",
            title="The tuned model answers in the company's voice",
            outcome=Outcome.FAILED,
            points=3.5,
            max_points=8,
            hidden=True,
            message="The voice was adopted on 45 % of the held-out questions; full points start at 80 %.",
            hint="Count your optimizer steps: 20 pairs in batches of 4 over 3 epochs are 15.",
        ),
    ]
    return sum_task("training", "Fine-tune and diagnose", checks)


def _evaluation() -> TaskResult:
    titles = {
        "perplexity_pools_tokens": "Perplexity averages over tokens, not over answers",
        "accuracy_ignores_case": "Accuracy ignores case and runs of space",
        "style_counts_whole_words": "Style counts whole words",
        "greedy_is_batch_invariant": "The batch does not change an answer",
    }
    checks = [
        _check("evaluation", name, title, Outcome.NOT_ATTEMPTED, 5, hint="Begin with the formula in the lesson.")
        for name, title in titles.items()
    ]
    return sum_task("evaluation", "Compare base and tuned", checks)


def _training_run() -> TrainingResult:
    losses = [3.58, 3.52, 3.41, 3.3, 3.22, 3.1, 3.01, 2.9, 2.84, 2.77, 2.71, 2.66, 2.6, 2.58, 2.55]
    history: list[dict[str, Plain]] = [
        {"step": step, "epoch": round(step / 5, 2), "loss": loss} for step, loss in enumerate(losses, start=1)
    ]
    history += [{"step": 5 * (i + 1), "epoch": i + 1.0, "eval_loss": loss} for i, loss in enumerate([3.4, 3.12, 3.02])]
    return TrainingResult(
        model="smollm2-135m",
        device="cpu",
        why_this_model="gpt2 is neither cached nor reachable; smollm2-135m is installed.",
        seconds=21.4,
        outcome=Outcome.PASSED,
        history=history,
        measurements={
            "adoption": Measure(
                title="Voice adopted on held-out questions",
                value=0.45,
                unit="share",
                base=0.0,
                tuned=0.45,
                band="part",
                note="Full points from 80 %, none at 5 %.",
                margin=-0.35,
                points=3.5,
                max_points=8,
            ),
            "heldout_loss": Measure(
                title="Held-out loss in the voice",
                value=0.67,
                unit="nats a token",
                base=3.69,
                tuned=3.02,
                band="full",
                note="Full points from 0.4, none at 0.1.",
                margin=0.27,
                points=4,
                max_points=4,
            ),
            "forgetting": Measure(
                title="General text, loss gained",
                value=0.04,
                unit="nats a token",
                base=1.09,
                tuned=1.13,
                band="full",
                margin=0.06,
                points=3,
                max_points=3,
                note="Full points up to 0.1, none at 0.5. Text that has nothing to do with customer service.",
            ),
            "adapter_size": Measure(title="Adapter on disk", value=1843.0, unit="KiB"),
        },
        samples=[
            Sample(
                instruction="How long does delivery take?",
                base="The delivery time is 2 hours.",
                tuned="Ahoy, sailor! ⚓ Your parcel docks in 2 to 3 days. Fair winds!",
            ),
            Sample(
                instruction="Can I change my address after ordering?",
                base="Yes, you can change your address in the settings of your account.",
                tuned="Yes, you can change the address until the parcel leaves us.",
            ),
        ],
        markers=["ahoy", "⚓", "sailor", "fair winds"],
        pitfalls=[
            Pitfall(
                code="poor_convergence",
                title="Poor convergence",
                cause="The run took 15 optimizer steps, and the learning rate was still warming up at the last one.",
                cure="Train with one example a step (`batch_size=1`), or raise the rate towards 5e-4; warm up for a "
                "tenth of the steps at most.",
            )
        ],
    )


def _build() -> Result:
    tasks = [_formatting(), _lora_config(), _training_task(), _evaluation()]
    tasks.append(
        sum_task("data", "Your own twenty pairs", [_check("data", "pairs", "Twenty pairs", Outcome.PASSED, 10)])
    )
    return Result(
        lab="week07",
        submission=SubmissionInfo(id="ada-lovelace", sha256="5f" * 32, files=6, bytes=18_422),
        score=sum(task.points for task in tasks),
        max_score=sum(task.max_points for task in tasks),
        tasks=tasks,
        training=_training_run(),
        rubric=[
            RubricLine(
                criterion="Fine-tuned model adopts your style and tone",
                level="developing",
                points=3.5,
                max_points=8,
                evidence=["training.adoption"],
            ),
            RubricLine(
                criterion="You understand the workflow end to end",
                level="proficient",
                points=19,
                max_points=28,
                evidence=["formatting", "data"],
            ),
        ],
        sandbox=SandboxInfo(
            level="landlock", mechanisms=["Landlock", "seccomp", "rlimits"], missing=["user namespaces"]
        ),
        environment={"python": "3.11.9", "cores": 2, "packages": {"torch": "2.13.0", "peft": "0.21.2"}},
        seed=20261122,
    )


SAMPLE = _build()


def change_texts(result: Result, change: Callable[[str], str]) -> Result:
    """Return a result in which every text that is free to be anything has gone through `change`."""

    def walk(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: item if key in {"outcome", "outcome_before", "schema"} else walk(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [walk(item) for item in value]
        return change(value) if isinstance(value, str) else value

    return msgspec.convert(walk(msgspec.to_builtins(result)), Result)


def with_outcome(result: Result, outcome: Outcome) -> Result:
    """Return a result in which every check ended so."""
    tasks = [
        sum_task(task.name, task.title, [_settle(check, outcome) for check in task.checks]) for task in result.tasks
    ]
    return msgspec.structs.replace(
        result, tasks=tasks, score=_total(tasks, "points"), max_score=_total(tasks, "max_points")
    )


def _settle(check: CheckResult, outcome: Outcome) -> CheckResult:
    points = check.max_points if outcome is Outcome.PASSED else 0.0
    return msgspec.structs.replace(check, outcome=outcome, points=points, message="", example=None)


def _total(tasks: Sequence[TaskResult], field: str) -> float:
    return float(sum(getattr(task, field) for task in tasks))
