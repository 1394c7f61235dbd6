"""A submission's training.py for the tests: LoRA in a plain loop, the settings as module constants."""

import random
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

RATE, BATCH, EPOCHS, WARMUP = 5e-4, 1, 3, 0


Pair = dict[str, str]


def fine_tune(
    model_path: str, train_pairs: list[Pair], validation_pairs: list[Pair], output_dir: str, *, seed: int = 0
) -> list[dict[str, float]]:
    """Train and save an adapter; return the log."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    base = AutoModelForCausalLM.from_pretrained(model_path)
    config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.05, target_modules=["c_attn"], fan_in_fan_out=True)
    model = get_peft_model(base, config)
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.01)
    steps = EPOCHS * -(-len(train_pairs) // BATCH)
    log: list[dict[str, float]] = []
    model.train()
    for epoch in range(EPOCHS):
        rows = chance.sample(train_pairs, len(train_pairs))
        for start in range(0, len(rows), BATCH):
            done = len(log)
            optimizer.param_groups[0]["lr"] = RATE * (done / WARMUP if done < WARMUP else 1 - done / steps)
            part = rows[start : start + BATCH]
            loss = torch.stack([_loss(model, tokenizer, row) for row in part]).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            rate = optimizer.param_groups[0]["lr"]
            log.append({"step": done + 1, "epoch": epoch + 1, "loss": float(loss), "learning_rate": rate})
    model.save_pretrained(output_dir)
    return log


def _loss(model: Any, tokenizer: Any, row: Pair) -> torch.Tensor:  # noqa: ANN401
    prompt = tokenizer(f"### Instruction:\n{row['input']}\n\n### Response:\n")["input_ids"]
    answer = [*tokenizer(row["output"])["input_ids"], tokenizer.eos_token_id]
    labels = torch.tensor([[-100] * len(prompt) + answer])
    loss: torch.Tensor = model(input_ids=torch.tensor([prompt + answer]), labels=labels).loss
    return loss
