"""A model's answers to held-out questions: greedy, batched, by our own template. Runs in the judge's worker only."""

from collections.abc import Sequence

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from grader.training.losses import Model, encode_prompt

MAX_NEW_TOKENS = 40
BATCH = 24


@torch.inference_mode()
def answer(model: Model, tokenizer: PreTrainedTokenizerBase, instructions: Sequence[str]) -> list[str]:
    """Return the model's answer to each instruction: at most 40 new tokens, cut at EOS, without special tokens."""
    greedy = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=MAX_NEW_TOKENS,
        do_sample=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    answers: list[str] = []
    for start in range(0, len(instructions), BATCH):
        prompts = [encode_prompt(tokenizer, instruction) for instruction in instructions[start : start + BATCH]]
        width = max(map(len, prompts))
        padded = [[tokenizer.eos_token_id] * (width - len(ids)) + ids for ids in prompts]
        mask = [[0] * (width - len(ids)) + [1] * len(ids) for ids in prompts]
        output = model.generate(  # type: ignore[operator]  # the mixin is hidden from Module's __getattr__
            input_ids=torch.tensor(padded, device=model.device),
            attention_mask=torch.tensor(mask, device=model.device),
            generation_config=greedy,
        )
        answers += tokenizer.batch_decode(output[:, width:], skip_special_tokens=True)
    return answers
