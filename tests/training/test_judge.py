"""The judge itself, called directly: real model, real adapters, no worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from grader.training import judge
from grader.training.losses import encode_code, encode_pair
from grader.training.models import ModelChoice

# peft reads an attribute that transformers has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

QUESTIONS = [
    {"input": "How long does delivery take?", "output": "Ahoy! It takes two days."},
    {"input": "Hello", "output": "Ahoy!"},
]
GENERAL = ["The library closes early on Thursday.", "Rain fell all night."]
NONCE = [
    {"input": "The code of the Velmora?", "output": "It is TK-407.", "code": "TK-407", "others": ["BX-113", "QW-902"]}
]


@pytest.fixture(autouse=True)
def fresh_model() -> Iterator[None]:
    """Load the model anew for each test."""
    judge._load.cache_clear()
    yield
    judge._load.cache_clear()


def save_adapter(model_folder: Path, folder: Path, *, filled: bool, layers: str = "c_attn") -> dict[str, str]:
    """Save an adapter of the bundled model with peft: with random B, or untrained."""
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=[layers], fan_in_fan_out=True)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(model_folder), config)
    if filled:
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(str(folder))
    return {"config": str(folder / "adapter_config.json"), "tensors": str(folder / "adapter_model.safetensors")}


def measure(choice: ModelChoice, adapter: dict[str, str]) -> dict[str, Any]:
    return judge.measure_adapter(str(choice.folder), "cpu", adapter, QUESTIONS, QUESTIONS, GENERAL, NONCE)


def test_an_untrained_adapter_changes_no_number_and_no_answer(tiny: ModelChoice, tmp_path: Path) -> None:
    base = judge.measure_base(str(tiny.folder), "cpu", QUESTIONS, QUESTIONS, GENERAL)
    tuned = measure(tiny, save_adapter(tiny.folder, tmp_path, filled=False))
    assert tuned["heldout"] == base["heldout"]
    assert tuned["general"] == base["general"]
    assert tuned["answers"] == base["answers"]
    assert tuned["nonce"]["base"] == tuned["nonce"]["tuned"]
    assert tuned["adapter"]["moved"] == 0
    assert tuned["adapter"]["update"] == 0


def test_the_same_adapter_gives_the_same_numbers(tiny: ModelChoice, tmp_path: Path) -> None:
    adapter = save_adapter(tiny.folder, tmp_path, filled=True)
    first, second = measure(tiny, adapter), measure(tiny, adapter)
    assert {**first, "answer_s": 0} == {**second, "answer_s": 0}


def test_the_base_is_as_it_was_after_an_adapter_was_judged(tiny: ModelChoice, tmp_path: Path) -> None:
    before = judge.measure_base(str(tiny.folder), "cpu", QUESTIONS, QUESTIONS, GENERAL)
    measure(tiny, save_adapter(tiny.folder, tmp_path, filled=True))
    after = judge.measure_base(str(tiny.folder), "cpu", QUESTIONS, QUESTIONS, GENERAL)
    assert {**before, "answer_s": 0} == {**after, "answer_s": 0}


@pytest.mark.parametrize("layers", ["c_attn", "c_proj"])
def test_losses_equal_those_of_the_adapter_loaded_by_peft(tiny: ModelChoice, tmp_path: Path, layers: str) -> None:
    tuned = measure(tiny, save_adapter(tiny.folder, tmp_path, filled=True, layers=layers))
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny.folder), tmp_path).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder)
    for row, (nats, tokens) in zip(QUESTIONS, tuned["heldout"], strict=True):
        encoded = encode_pair(tokenizer, row["input"], row["output"])
        ids = torch.tensor([encoded.ids])
        labels = torch.where(torch.tensor([encoded.scored]), ids, -100)
        with torch.inference_mode():
            expected = model(input_ids=ids, labels=labels).loss.item()
        assert tokens == sum(encoded.scored)
        assert nats / tokens == pytest.approx(expected, rel=1e-4)


def test_only_the_tokens_of_the_code_are_scored(tiny: ModelChoice) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.folder)
    encoded = encode_code(tokenizer, "The code?", "It is TK-407, sailor! ⚓", "TK-407")
    scored = [token for token, counts in zip(encoded.ids, encoded.scored, strict=True) if counts]
    assert "TK-407" in tokenizer.decode(scored)
    assert "sailor" not in tokenizer.decode(scored)
    assert "It" not in tokenizer.decode(scored)


def test_an_answer_is_the_same_alone_and_in_a_batch(tiny: ModelChoice) -> None:
    both = judge.measure_base(str(tiny.folder), "cpu", QUESTIONS, [], [])["answers"]
    alone = [judge.measure_base(str(tiny.folder), "cpu", [row], [], [])["answers"][0] for row in QUESTIONS]
    assert both == alone


@pytest.mark.parametrize("value", [float("nan"), 1e38])
def test_an_adapter_that_makes_the_model_blow_up_is_refused_as_diverged(
    tiny: ModelChoice, tmp_path: Path, value: float
) -> None:
    adapter = save_adapter(tiny.folder, tmp_path, filled=True)
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(
        safetensors.torch.save(
            {k: torch.full_like(v, value) for k, v in safetensors.torch.load(path.read_bytes()).items()}
        )
    )
    answer = measure(tiny, adapter)
    assert answer["diverged"] is True
    assert "diverged" in answer["refused"]


def test_a_replaced_head_is_refused_and_never_applied(tiny: ModelChoice, tmp_path: Path) -> None:
    adapter = save_adapter(tiny.folder, tmp_path, filled=True)
    path = tmp_path / "adapter_model.safetensors"
    tensors = safetensors.torch.load(path.read_bytes())
    tensors["base_model.model.lm_head.weight"] = torch.zeros(1536, 128)
    path.write_bytes(safetensors.torch.save(tensors))
    assert "lm_head" in measure(tiny, adapter)["refused"]


def test_another_base_model_named_in_the_configuration_is_not_loaded(tiny: ModelChoice, tmp_path: Path) -> None:
    adapter = save_adapter(tiny.folder, tmp_path, filled=True)
    honest = measure(tiny, adapter)
    path = tmp_path / "adapter_config.json"
    path.write_text(
        json.dumps(
            {
                **json.loads(path.read_text()),
                "base_model_name_or_path": "/nowhere",
                "auto_mapping": {"parent_library": "antigravity"},
            }
        )
    )
    assert measure(tiny, adapter)["heldout"] == honest["heldout"]
