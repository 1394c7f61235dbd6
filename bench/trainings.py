"""Trains three ways in turn, for bench.training: `python -m bench.trainings MODEL ROUNDS THREADS` prints the outcome.

A process of its own, since the reference's modules are found by their bare names.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import AutoTokenizer

from bench import lesson
from grader.lab import find_lab
from grader.training import choose_model
from grader.training.heldout import load_heldout
from grader.training.judge import measure_adapter, measure_base
from grader.training.losses import encode_pair
from grader.training.numbers import mean_loss
from grader.training.rows import RunRows, draw_rows
from grader.training.text import style_adoption

SEED = 101
EPOCHS = 3
LONGER = 30
"""Epochs of the lesson's template that make about as many optimizer steps as the reference takes."""
SIDE = 2048


def main(model: str, rounds: int, threads: int) -> None:
    """Train `rounds` times each way, judge the last of each, and print one line of JSON."""
    torch.set_num_threads(threads)
    lab = find_lab("week07")
    choice = choose_model(lab, model, "cpu")
    heldout = load_heldout(lab, choice.profile)
    rows = draw_rows(heldout, SEED)
    train, validation = msgspec.to_builtins(rows.train), msgspec.to_builtins(rows.validation)
    sys.path.insert(0, str(lab.solutions))
    from training import fine_tune  # the reference's

    folder = str(choice.folder)
    ways: dict[str, Callable[[Path], Any]] = {
        "the reference": lambda out: fine_tune(folder, train, validation, out, seed=0),
        "the lesson's template": lambda out: lesson.fine_tune(folder, train, validation, out),
        f"the same, {LONGER} epochs": lambda out: lesson.fine_tune(folder, train, validation, out, epochs=LONGER),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    questions = [{"input": row.input, "output": row.output} for row in heldout.questions]
    base = measure_base(folder, "cpu", questions, [], [])
    losses, adoption = {}, {}
    for number in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as place:
                begun = time.perf_counter()
                way(Path(place))
                seconds[name].append(time.perf_counter() - begun)
                if number == rounds - 1:
                    tuned = _judge(folder, Path(place), questions, rows)
                    losses[name] = mean_loss(base["heldout"]), mean_loss(tuned["heldout"])
                    adoption[name] = style_adoption(tuned["answers"], heldout.voice.markers)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens = EPOCHS * sum(len(encode_pair(tokenizer, row["input"], row["output"]).ids) for row in train)
    found = {
        "seconds": seconds,
        "losses": losses,
        "adoption": adoption,
        "flop": 4.0 * base["parameters"] * tokens,
        "rate32": _rate(torch.float32),
        "rate16": _rate(torch.bfloat16),
    }
    print(json.dumps(found))


def _judge(folder: str, place: Path, questions: list[dict[str, str]], rows: RunRows) -> dict[str, Any]:
    adapter = {"config": str(place / "adapter_config.json"), "tensors": str(place / "adapter_model.safetensors")}
    return measure_adapter(folder, "cpu", adapter, questions, [], [], [asdict(row) for row in rows.nonce])


def _rate(kind: torch.dtype) -> float:
    """Return the FLOP a second of the best of ten products of square matrices."""
    matrix = torch.randn(SIDE, SIDE).to(kind)
    best = float("inf")
    for _ in range(10):
        begun = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - begun)
    return 2.0 * SIDE**3 / best


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
