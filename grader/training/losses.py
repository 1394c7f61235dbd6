"""Negative log-likelihoods of texts under a model, in nats, summed row by row. Runs in the judge's worker only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

Model: TypeAlias = PreTrainedModel | PeftModel

PROMPT = "### Instruction:\n{instruction}\n\n### Response:\n"
BATCH = 8
NOT_SCORED = -100


@dataclass(frozen=True)
class Encoded:
    """One text as token ids, and for each token whether its likelihood counts."""

    ids: list[int]
    scored: list[bool]


def encode_pair(tokenizer: PreTrainedTokenizerBase, instruction: str, output: str) -> Encoded:
    """Encode a row as the lesson's template has it: prompt and output apart, then EOS; output and EOS count."""
    prompt = encode_prompt(tokenizer, instruction)
    response = [*_tokens(tokenizer, output), tokenizer.eos_token_id]
    return Encoded(prompt + response, [False] * len(prompt) + [True] * len(response))


def encode_code(tokenizer: PreTrainedTokenizerBase, instruction: str, output: str, code: str) -> Encoded:
    """Encode a row of which only the tokens that hold a part of `code` count."""
    start = output.index(code)
    prompt = encode_prompt(tokenizer, instruction)
    encoding = tokenizer(output, add_special_tokens=False, return_offsets_mapping=True)
    scored = [begin < start + len(code) and end > start for begin, end in encoding["offset_mapping"]]
    return Encoded(prompt + encoding["input_ids"], [False] * len(prompt) + scored)


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> Encoded:
    """Encode plain text; every token but the first counts."""
    ids = _tokens(tokenizer, text)
    return Encoded(ids, [position > 0 for position in range(len(ids))])


def encode_prompt(tokenizer: PreTrainedTokenizerBase, instruction: str) -> list[int]:
    """Encode an instruction as the prompt that a response follows."""
    return _tokens(tokenizer, PROMPT.format(instruction=instruction))


@torch.inference_mode()
def sum_losses(model: Model, rows: Sequence[Encoded]) -> list[list[float]]:
    """Return `[nats, tokens]` for each row: the summed negative log-likelihood of its scored tokens.

    Rows of like length share a batch; a row's sum is taken in float64 over float32 log-probabilities.
    """
    order = sorted(range(len(rows)), key=lambda index: len(rows[index].ids))
    sums: list[list[float]] = [[0.0, 0.0] for _ in rows]
    for start in range(0, len(order), BATCH):
        members = order[start : start + BATCH]
        for index, pair in zip(members, _score_batch(model, [rows[index] for index in members]), strict=True):
            sums[index] = pair
    return sums


def _score_batch(model: Model, rows: Sequence[Encoded]) -> list[list[float]]:
    width = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [0] * (width - len(row.ids)) for row in rows], device=model.device)
    mask = torch.tensor([[1] * len(row.ids) + [0] * (width - len(row.ids)) for row in rows], device=model.device)
    scored = torch.tensor([row.scored + [False] * (width - len(row.scored)) for row in rows], device=model.device)
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none").double()
    kept = scored[:, 1:]
    sums = torch.where(kept, losses, 0.0).sum(1)
    return [[float(total), float(count)] for total, count in zip(sums.tolist(), kept.sum(1).tolist(), strict=True)]


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids
