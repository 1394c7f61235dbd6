"""The lesson's own training template, repaired just enough to run on smollm2-135m without a GPU.

Repaired: float32 in place of 8 bits and float16, which need a GPU; `eval_strategy`, its name of today; a tokenizer with
a padding token, and token ids with labels, without which the Trainer stops; no progress bar. All else is the lesson's.
"""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
    set_seed,
)

LONGEST = 512


def fine_tune(
    model_path: str, train: list[dict[str, str]], validation: list[dict[str, str]], out: Path, *, epochs: int = 3
) -> None:
    """Train as the lesson says, for three epochs unless told otherwise, and save the adapter."""
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32)
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.05,
        bias="none",
        task_type="CAUSAL_LM",
    )

    def tokenize(rows: list[dict[str, str]]) -> Dataset:
        texts = [f"### Instruction:\n{row['input']}\n\n### Response:\n{row['output']}" for row in rows]
        encoded = tokenizer(texts, truncation=True, max_length=LONGEST)
        return Dataset.from_dict(dict(encoded))

    arguments = TrainingArguments(
        output_dir=str(out / "results"),
        num_train_epochs=epochs,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=4,
        learning_rate=2e-4,
        logging_steps=10,
        save_strategy="epoch",
        eval_strategy="epoch",
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
    )
    tuned: Any = get_peft_model(model, config)
    trainer = Trainer(
        model=tuned,
        args=arguments,
        train_dataset=tokenize(train),
        eval_dataset=tokenize(validation),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    tuned.save_pretrained(str(out))
