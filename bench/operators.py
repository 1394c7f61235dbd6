"""Trains the reference under the profiler, prints its operators' seconds: `python -m bench.operators MODEL THREADS`.

A process of its own, since the reference's modules are found by their bare names.
"""

import json
import sys
import tempfile
from pathlib import Path

import msgspec
import torch
from torch.profiler import ProfilerActivity, profile

from grader.lab import find_lab
from grader.training import choose_model
from grader.training.heldout import load_heldout
from grader.training.rows import draw_rows

SEED = 101
PAIRS = 6  # three epochs of them: the shares are those of a whole run, in a third of the memory


def main(model: str, threads: int) -> None:
    """Train once to warm up and once under the profiler; print one line of JSON."""
    torch.set_num_threads(threads)
    lab = find_lab("week07")
    choice = choose_model(lab, model, "cpu")
    rows = msgspec.to_builtins(draw_rows(load_heldout(lab, choice.profile), SEED).train)
    sys.path.insert(0, str(lab.solutions))
    from training import fine_tune  # the reference's

    with tempfile.TemporaryDirectory() as place:
        fine_tune(str(choice.folder), rows[:1], [], Path(place), seed=0)
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            fine_tune(str(choice.folder), rows[:PAIRS], [], Path(place), seed=0)
    averages = profiled.key_averages()
    print(json.dumps({each.key: each.self_cpu_time_total / 1e6 for each in averages}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
