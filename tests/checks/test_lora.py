"""LoRA worked out by hand, held against PEFT's on the same drawn models, numbers and batches."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from peft import prepare_model_for_kbit_training
from peft.tuners.lora import LoraLayer

from grader.checks import oracle
from grader.worker import probes

FAMILIES = {"gpt2": ["c_attn"], "llama": ["q_proj", "v_proj"], "phi3": ["qkv_proj"]}
IDS = [3, 1, 4, 15, 9, 26]
ROWS = [[5, 35, 8, 9, 79, 3], [23, 84, 6, 26, 43, 38]]
BATCHES = [{"input_ids": [row], "attention_mask": [[1] * 6], "labels": [row]} for row in ROWS]
SCALE = 2.0


def adapt(folder: Path, family: str, bits: int | None = None, *, prepared: bool = True) -> tuple[object, bytes]:
    """Put PEFT's adapter with drawn numbers on a drawn model."""
    drawn = oracle.draw_model(family, "a seed")
    for name, content in drawn["files"].items():
        (folder / name).write_bytes(content)
    base = probes.load_model(str(folder), bits)
    if bits and prepared:
        base = prepare_model_for_kbit_training(base)  # type: ignore[no-untyped-call]
    model = probes.wear_adapter(base, FAMILIES[family], 4)
    layers = {name: sizes for name, sizes in drawn["layers"].items() if name.rpartition(".")[2] in FAMILIES[family]}
    weights = oracle.draw_adapter(layers, 4, "another seed")
    probes.set_adapter(model, weights)
    return model, weights


def scale_to(model: torch.nn.Module, scale: float) -> None:
    """PEFT's default alpha is 8: set the factor itself."""
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.scaling["default"] = scale


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_drawn_adapter_answers_and_learns_as_pefts_does(family: str, tmp_path: Path) -> None:
    model, weights = adapt(tmp_path, family)
    assert isinstance(model, torch.nn.Module)
    scale_to(model, SCALE)
    before = oracle.adapted_logits(family, "a seed", None, SCALE, IDS)
    adapted = oracle.adapted_logits(family, "a seed", weights, SCALE, IDS)
    assert torch.allclose(torch.tensor(probes.logits(model, IDS)), torch.tensor(adapted), atol=1e-4)
    assert (torch.tensor(before) - torch.tensor(adapted)).abs().max() > 0.1
    trained = oracle.train_adapter(family, "a seed", weights, SCALE, BATCHES, 1e-2, IDS)
    assert probes.train_steps(model, BATCHES, 1e-2)["losses"] == pytest.approx(trained["losses"], abs=1e-4)
    assert torch.allclose(torch.tensor(probes.logits(model, IDS)), torch.tensor(trained["logits"]), atol=1e-3)
    assert (torch.tensor(trained["logits"]) - torch.tensor(adapted)).abs().max() > 0.1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("prepared", [True, False])
def test_a_quantised_model_that_was_not_prepared_shows(bits: int, prepared: bool, tmp_path: Path) -> None:
    model, weights = adapt(tmp_path, "gpt2", bits, prepared=prepared)
    assert isinstance(model, torch.nn.Module)
    scale_to(model, SCALE)
    expected = torch.tensor(oracle.adapted_logits("gpt2", "a seed", weights, SCALE, IDS, bits))
    gap = float((torch.tensor(probes.logits(model, IDS)) - expected).abs().max())
    assert gap < 1e-3 if prepared else gap > 1e-2


def test_draws_are_the_same_for_a_seed_and_others_for_another() -> None:
    first, again, other = (oracle.draw_model("gpt2", seed) for seed in ("one", "one", "two"))
    assert first["files"] == again["files"] != other["files"]
    adapters = [oracle.draw_adapter(first["layers"], 2, seed) for seed in ("one", "one", "two")]
    assert adapters[0] == adapters[1] != adapters[2]


def test_a_saved_adapter_of_other_layers_or_shapes_is_no_adapter() -> None:
    layers = {"transformer.h.0.attn.c_attn": [32, 96]}
    right = safetensors.torch.load(oracle.draw_adapter(layers, 2, "a seed"))
    saved = {f"base_model.model.{name}": tensor for name, tensor in right.items()}
    renamed = oracle.rename_adapter(safetensors.torch.save(saved), layers)
    assert renamed is not None
    assert set(safetensors.torch.load(renamed)) == set(right)
    more = saved | {"base_model.model.lm_head.weight": torch.ones(2, 2)}
    [low] = [name for name in saved if "lora_A" in name]
    for wrong in (more, saved | {low: torch.ones(2, 31)}, {low: saved[low]}, {}):
        assert oracle.rename_adapter(safetensors.torch.save(wrong), layers) is None
    assert oracle.rename_adapter(b"damaged", layers) is None
