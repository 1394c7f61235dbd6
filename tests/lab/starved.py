"""A process that trains in too little memory, with the student's functions: Accelerate finds the batch that fits.

Called with the folder of the modules and the model's; prints the batch sizes that were tried, and how the run went on.
"""

import json
import resource
import sys
from pathlib import Path

HEADROOM_MB = 400
START = 96


def main(modules: str, model_path: str) -> None:
    """Print {"tried": [...], "losses": [...]}."""
    sys.path.insert(0, modules)
    import torch
    from accelerate.utils import find_executable_batch_size
    from formatting import collate, tokenize_example
    from lora_config import attach_adapter, make_lora_config
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    base = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32)
    model = attach_adapter(base, make_lora_config("gpt2"))
    pair = {"input": "How long does delivery take?", "output": "Two days. " * 12}
    row = tokenize_example(pair, tokenizer)
    tried: list[int] = []

    def train(batch_size: int) -> list[float]:
        tried.append(batch_size)
        batch = {key: torch.tensor(rows) for key, rows in collate([row] * batch_size, tokenizer.eos_token_id).items()}
        optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=5e-4)
        losses = []
        for _ in range(2):
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        return losses

    limit = _used_bytes() + HEADROOM_MB * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    losses = find_executable_batch_size(train, starting_batch_size=START)()
    print(json.dumps({"tried": tried, "losses": losses}))


def _used_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
