"""What a model's weights take: as worked out from the architecture, as really loaded, and as docs/models.md says."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.training.memory import WIDTHS, build_empty, weight_bytes
from grader.training.models import is_installed, model_folder
from grader.worker.quantization import quantization_config

LAB = find_lab("week07")
PAGE = (PROJECT / "docs" / "models.md").read_text(encoding="utf-8")
MILLIONS = {"gpt2": 124.4, "smollm2-135m": 134.5, "mistral-7b": 7241.7, "llama-2-7b": 6738.4}


def empty(name: str) -> nn.Module:
    model = build_empty(name, LAB.spec.models[name])
    assert model is not None
    return model


def stored_bytes(model: nn.Module) -> int:
    """Return the bytes of everything that a loaded model keeps for its weights, scales and code books included."""
    found = 0
    for parameter in model.parameters():
        found += parameter.numel() * parameter.element_size()
        scales = getattr(parameter, "SCB", None)
        found += 4 * scales.numel() if scales is not None else 0
        state = getattr(parameter, "quant_state", None)
        if state is not None:
            tensors = [state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code]
            found += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    return found


def load(folder: Path, bits: int) -> nn.Module:
    dtype = torch.float32 if bits == 32 else torch.bfloat16
    options = {"quantization_config": quantization_config(bits)} if bits < 16 else {}
    model: nn.Module = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options)
    return model


@pytest.mark.parametrize("name", MILLIONS)
def test_memory_is_counted_from_the_architecture(name: str) -> None:
    model = empty(name)
    assert weight_bytes(model, 32) / 4e6 == pytest.approx(MILLIONS[name], abs=0.1)
    sizes = [weight_bytes(model, bits) for bits in WIDTHS]
    assert sizes == sorted(set(sizes))
    assert sizes[2] * 2 == sizes[3]
    with pytest.raises(ValueError, match="bits must be one of"):
        weight_bytes(model, 3)


def test_seven_billion_parameters_take_as_much_as_the_qlora_paper_says() -> None:
    # 4 bits and 0.127 of scales a weight (section 3), the embeddings and the output layer in 16 bits.
    quantised = 32 * (4 * 4096 * 4096 + 3 * 4096 * 11008)
    others = 2 * 32000 * 4096 + 65 * 4096
    expected = quantised * 4.127 / 8 + others * 2
    assert weight_bytes(empty("llama-2-7b"), 4) == pytest.approx(expected, rel=1e-3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bits", WIDTHS)
def test_the_bundled_model_takes_what_was_worked_out(bits: int) -> None:
    model = load(PROJECT / "fixtures" / "tiny-gpt2", bits)
    assert stored_bytes(model) == weight_bytes(empty("tiny-gpt2"), bits)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bits", WIDTHS)
def test_full_size_gpt2_takes_what_was_worked_out(bits: int, tmp_path: Path) -> None:
    GPT2LMHeadModel(GPT2Config()).save_pretrained(tmp_path)
    assert stored_bytes(load(tmp_path, bits)) == weight_bytes(empty("gpt2"), bits)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bits", WIDTHS)
def test_smollm2_takes_what_was_worked_out(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADER_CACHE", raising=False)  # the real cache, where a fetch put it
    profile = LAB.spec.models["smollm2-135m"]
    if not is_installed("smollm2-135m", profile):
        pytest.skip("grader models fetch smollm2-135m brings it")
    model = load(model_folder("smollm2-135m", profile), bits)
    assert stored_bytes(model) == weight_bytes(empty("smollm2-135m"), bits)


@pytest.mark.parametrize("name", ["tiny-gpt2", *MILLIONS])
def test_the_page_of_models_says_what_the_records_say(name: str) -> None:
    profile = LAB.spec.models[name]
    row = re.search(rf"^\| `{name}` \| (.+) \|$", PAGE, re.MULTILINE)
    assert row
    cells = row[1].split(" | ")
    assert cells[0] == profile.licence
    assert cells[1] == f"{profile.parameters_m:,.0f} M"
    assert cells[2:6] == [f"{weight_bytes(empty(name), bits) / 2**20:,.0f}" for bits in WIDTHS]
