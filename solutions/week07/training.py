"""Task 3: train the adapter, and read from a run's curves what went wrong.

Goal: the whole workflow in one function, from a folder with a base model to a folder with an adapter.
Lesson: README.md, section "Task 3: training".
Trainer: https://huggingface.co/docs/transformers/main_classes/trainer

The defaults of `make_training_arguments` are the usual ones, made for hundreds of examples. `fine_tune` may choose
others: see "Settings that learn".
"""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from formatting import collate, tokenize_example
from lora_config import attach_adapter, make_lora_config
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.utils.logging import disable_progress_bar

Pair = dict[str, str]

OUT_OF_MEMORY = ("out of memory", "memoryerror", "allocate memory")
LONGEST_WARMUP = 100
LOGGED = ("step", "epoch", "loss", "eval_loss", "learning_rate")


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
    steps = epochs * math.ceil(num_examples / batch_size)
    return TrainingArguments(
        output_dir=str(output_dir),
        num_train_epochs=epochs,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=0.01,
        warmup_steps=min(steps // 10, LONGEST_WARMUP),
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        seed=seed,
        use_cpu=use_cpu,
        bf16=not use_cpu and torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        dataloader_pin_memory=not use_cpu,
        disable_tqdm=True,
        report_to="none",
    )


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
    disable_progress_bar()  # type: ignore[no-untyped-call]
    set_seed(seed)  # before attach_adapter, which draws the adapter's first values
    on_gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    base = AutoModelForCausalLM.from_pretrained(
        model_path,
        dtype=torch.bfloat16 if on_gpu else torch.float32,
        device_map={"": 0} if on_gpu else None,
    )
    model = attach_adapter(base, make_lora_config(base.config.model_type))
    with tempfile.TemporaryDirectory() as scratch:
        # 20 pairs in batches of 4 make 15 steps, too few for a voice at 2e-4; one a step at 5e-4 makes 60, and does it.
        arguments = make_training_arguments(
            scratch, len(train_pairs), batch_size=1, learning_rate=5e-4, use_cpu=not on_gpu, seed=seed
        )
        arguments.set_save("no")  # the run takes seconds: only its end is worth keeping
        if not validation_pairs:
            arguments.set_evaluate("no")
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=_tokenize(train_pairs, tokenizer),
            eval_dataset=_tokenize(validation_pairs, tokenizer) if validation_pairs else None,
            data_collator=lambda features: _make_batch(features, tokenizer),
        )
        trainer.train()
    model.save_pretrained(str(output_dir))
    tokenizer.save_pretrained(output_dir)
    return [_pick(record) for record in trainer.state.log_history if "loss" in record or "eval_loss" in record]


def _tokenize(pairs: list[Pair], tokenizer: PreTrainedTokenizerBase) -> Dataset:
    return Dataset.from_list([tokenize_example(pair, tokenizer) for pair in pairs])


def _make_batch(
    features: Sequence[dict[str, list[int]]], tokenizer: PreTrainedTokenizerBase
) -> dict[str, torch.Tensor]:
    # GPT-2 and Llama have no padding token. EOS may stand in for it: collate hides padding by place, not by value.
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return {key: torch.tensor(rows) for key, rows in collate(features, pad).items()}


def _pick(record: dict[str, float]) -> dict[str, float]:
    return {key: record[key] for key in LOGGED if key in record}


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
    error = (run["error"] or "").lower()
    train, evaluation, general = run["train_loss"], run["eval_loss"], run["general_loss"]
    stuck = bool(train) and (not math.isfinite(train[-1]) or train[-1] > 0.90 * train[0])
    found = {
        "out_of_memory": any(words in error for words in OUT_OF_MEMORY),
        "poor_convergence": stuck,
        "overfitting": not stuck and bool(evaluation) and evaluation[-1] > 1.10 * min(evaluation),
        "catastrophic_forgetting": general is not None and general[1] > 1.10 * general[0],
    }
    codes = sorted(code for code, applies in found.items() if applies)
    return codes or (["healthy"] if run["error"] is None else [])
