"""A small lab with the real held-out data, the bundled model, and adapters made by hand or by a plain training loop."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from grader.lab import Lab, LabSpec
from grader.lab.folders import PROJECT
from grader.training.adapter import Layer
from grader.training.models import ModelChoice

MEASURES = {
    "trained": 2,
    "heldout_loss": 4,
    "style_adoption": 6,
    "nonce_gain": 4,
    "forgetting": 2,
    "repetition": 1,
    "overfitting_gap": 1,
}
SPEC = {
    "lab": "week07",
    "title": "A small lab",
    "limits": {"train_s": 60, "scratch_mb": 64},
    "tasks": [{"name": "training", "title": "Train", "module": "training", "visible": {"x": 80}, "measures": MEASURES}],
    "criteria": [{"title": "The model adopts the voice", "evidence": ["training.style_adoption"]}],
    "models": {
        "tiny-gpt2": {
            "architecture": "gpt2",
            "source": "bundled",
            "location": "fixtures/tiny-gpt2",
            "licence": "Apache-2.0",
            "parameters_m": 1.02,
            "general_text": "general-tiny.jsonl",
        }
    },
}
LAYERS = {"h.0.c_attn": Layer(8, 24), "h.1.c_attn": Layer(8, 24)}

Tensors = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep converted models and base-side numbers out of the user's own cache; one folder for the session."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path_factory.getbasetemp() / "grader-cache"))


@pytest.fixture
def lab() -> Lab:
    """A lab whose training task has every measure, with week 07's held-out data and bands."""
    return Lab(LabSpec.model_validate(SPEC), PROJECT / "labs" / "week07", PROJECT / "solutions" / "week07")


@pytest.fixture
def tiny(lab: Lab) -> ModelChoice:
    """The bundled model on the CPU."""
    folder = PROJECT / "fixtures" / "tiny-gpt2"
    return ModelChoice("tiny-gpt2", folder, "cpu", "for the tests", lab.spec.models["tiny-gpt2"])


@pytest.fixture
def submission(tmp_path: Path) -> Callable[[str], Path]:
    """Make a submission whose training.py is the given text."""

    def make(code: str) -> Path:
        folder = tmp_path / "submission"
        folder.mkdir(exist_ok=True)
        (folder / "training.py").write_text(code, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def plain_lora() -> str:
    """A fine_tune in a plain loop, with its settings on top: what a good submission does, without the Trainer."""
    return (Path(__file__).parent / "plain_lora.py").read_text(encoding="utf-8")


def lora_tensors(rank: int = 2, fill: float = 0.1) -> Tensors:
    """Tensors under peft's names for both layers of LAYERS."""
    names = {f"base_model.model.{name}": layer for name, layer in LAYERS.items()}
    a = {f"{name}.lora_A.weight": torch.full((rank, layer.inputs), fill) for name, layer in names.items()}
    b = {f"{name}.lora_B.weight": torch.full((layer.outputs, rank), fill) for name, layer in names.items()}
    return a | b


def pack(tensors: Tensors) -> bytes:
    """Return tensors as the bytes of a safetensors file."""
    return safetensors.torch.save(tensors)


def config_bytes(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON value, also wrong ones
    """Return adapter_config.json as bytes."""
    return json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["c_attn"], **changes}).encode()
