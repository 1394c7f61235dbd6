"""The lesson's cures for a lack of memory, in a process that really lacks it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from grader.lab.folders import PROJECT

STARVED = Path(__file__).with_name("starved.py")
TINY = PROJECT / "fixtures" / "tiny-gpt2"
BATCH = {"input_ids": torch.arange(40).reshape(2, 20), "labels": torch.arange(40).reshape(2, 20)}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's address space")
def test_the_batch_shrinks_until_it_fits_and_the_run_goes_on() -> None:
    command = [sys.executable, "-W", "ignore", str(STARVED), str(PROJECT / "solutions/week07"), str(TINY)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert len(told["tried"]) > 1
    assert told["tried"] == sorted(set(told["tried"]), reverse=True)
    assert told["losses"][1] < told["losses"][0]


def _gradients(model: PreTrainedModel) -> list[torch.Tensor]:
    model.train()
    model.zero_grad()
    model(**BATCH).loss.backward()
    return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.filterwarnings("ignore")
def test_checkpointing_changes_no_gradient() -> None:
    model = AutoModelForCausalLM.from_pretrained(
        TINY, dtype=torch.float32, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    whole = _gradients(model)
    model.activation_checkpointing_enable()
    again = _gradients(model)
    assert model.is_gradient_checkpointing
    assert len(whole) == len(again) > 0
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(whole, again, strict=True))
