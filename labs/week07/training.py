"""Task 3: train the adapter, and read from a run's curves what went wrong.

Goal: the whole workflow in one function, from a folder with a base model to a folder with an adapter.
Lesson: README.md, section "Task 3: training".
Trainer: https://huggingface.co/docs/transformers/main_classes/trainer

The defaults of `make_training_arguments` are the usual ones, made for hundreds of examples. `fine_tune` may choose
others: see "Settings that learn".
"""

from pathlib import Path
from typing import Any

from transformers import TrainingArguments

Pair = dict[str, str]


def make_training_arguments(
    output_dir: str | Path,
    num_examples: int,
    *,
    epochs: int = 3,
    batch_size: int = 4,
    learning_rate: float = 2e-4,
    use_cpu: bool = True,
    seed: int = 0,
) -> TrainingArguments:
    """Make the settings of a training run, with a warm-up that fits into the run.

    The learning rate climbs during the warm-up. A warm-up of 100 steps in a run of 15 means that the rate never
    arrives, and nothing says so: the model just does not learn.

    Args:
        output_dir: where the Trainer puts its checkpoints.
        num_examples: how many examples there are to train on, at least 1.
        epochs: how often the run goes through them.
        batch_size: how many examples make one optimizer step.
        learning_rate: the rate after the warm-up.
        use_cpu: False lets the Trainer take a GPU, and bfloat16 where the GPU has it.
        seed: for everything that is random in the run.

    Returns:
        Arguments under today's names (`eval_strategy`, not `evaluation_strategy`): evaluation and saving each epoch, at
        most two checkpoints kept, a weight decay of 0.01, and warm-up steps of at most a tenth of the run's optimizer
        steps, rounded down, and at most 100.

    Raises:
        ValueError: from transformers, for settings that exclude each other.

    Example:
        >>> make_training_arguments("results", 20).warmup_steps  # 3 epochs of 5 steps
        1
    """
    raise NotImplementedError("task 3.1: today's names, and a warm-up that fits into the run")


def fine_tune(
    model_path: str | Path,
    train_pairs: list[Pair],
    validation_pairs: list[Pair],
    output_dir: str | Path,
    *,
    seed: int = 0,
) -> list[dict[str, float]]:
    """Fine-tune a model with LoRA: load, attach, tokenize, train, save.

    Args:
        model_path: a folder with a causal language model and its tokenizer; its config tells the model's type, and
            whether its weights are quantised.
        train_pairs: pairs to train on, at least one.
        validation_pairs: pairs to measure the loss on after each epoch; may be empty.
        output_dir: gets the adapter and the tokenizer, and nothing else: no checkpoint, no full model.
        seed: the same seed gives the same adapter, another seed another one.

    Returns:
        The log, one record for each time something was measured, with `step`, `epoch`, and `loss` or `eval_loss`.

    Raises:
        ValueError: where a pair's prompt leaves no room for an answer, or the model's type is unknown.

    Example:
        >>> log = fine_tune("fixtures/tiny-gpt2", load_pairs("data/train.jsonl"), [], "my-adapter")
        >>> sorted(log[0])
        ['epoch', 'learning_rate', 'loss', 'step']
    """
    raise NotImplementedError("task 3.2: load, attach, tokenize, train, save adapter and tokenizer, return the log")


def diagnose(run: dict[str, Any]) -> list[str]:
    """Name the pitfalls that a run's losses show.

    Args:
        run: `train_loss` and `eval_loss`, lists in the order of measuring (empty where a run stopped early);
            `general_loss`, the losses on general text `[before, after]`, or None; `error`, a text, or None.

    Returns:
        The codes that apply, sorted:
        `out_of_memory`: the error speaks, in any case, of "out of memory", "MemoryError" or "allocate memory";
        `poor_convergence`: the last train loss is above 0.90 of the first, or not finite;
        `overfitting`: not that, and the last eval loss is above 1.10 of the lowest;
        `catastrophic_forgetting`: the loss on general text after the run is above 1.10 of the one before;
        `healthy`: none of these, and no error. Any other error alone gives an empty list.

    Raises:
        KeyError: where the run lacks one of its four keys.

    Example:
        >>> diagnose({"train_loss": [3.1, 1.2], "eval_loss": [2.9, 3.4], "general_loss": [4.0, 4.1], "error": None})
        ['overfitting']
    """
    raise NotImplementedError("task 3.3: one rule after the other, the codes sorted")
