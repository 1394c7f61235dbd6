"""The trusted side's own model arithmetic, held against transformers and PEFT, which it does without."""

import copy
import random
import statistics
from pathlib import Path

import pytest
import safetensors.torch
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from grader.checks import oracle

MODEL = str(Path(__file__).resolve().parents[2] / "fixtures" / "tiny-gpt2")
PROMPT = "### Instruction:\nDo you ship to Peru?\n\n### Response:\n"
EXAMPLES = [
    {"prompt": PROMPT, "response": "We do."},
    {"prompt": PROMPT, "response": "Ahoy! \u2693 Aye, we ship there."},
]


def _library_losses(model: torch.nn.Module) -> dict[str, float]:
    """Let the model's own loss function average over each part's tokens, and over ends in a response's midst."""
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    sums, counts = {"prompt": 0.0, "response": 0.0, "end": 0.0}, {"prompt": 0, "response": 0, "end": 0}
    early: list[float] = []
    for example in EXAMPLES:
        parts = [tokenizer.encode(example[name]) for name in ("prompt", "response")] + [[tokenizer.eos_token_id]]
        ids = [token for part in parts for token in part]
        start = 0
        for name, part in zip(sums, parts, strict=True):
            labels = [-100] * len(ids)
            labels[start : start + len(part)] = part
            start += len(part)
            counted = len(part) - (name == "prompt")  # the first token of all has nothing before it
            with torch.no_grad():
                loss = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
            sums[name] += float(loss) * counted
            counts[name] += counted
        prompt, response, end = parts
        for kept in range(len(response)):
            cut = prompt + response[:kept] + end
            with torch.no_grad():
                labels = [-100] * (len(cut) - 1) + end
                early.append(float(model(input_ids=torch.tensor([cut]), labels=torch.tensor([labels])).loss))
    return {name: sums[name] / counts[name] for name in sums} | {"early_end": statistics.fmean(early)}


def _base() -> torch.nn.Module:
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    return model.train(False)


def test_greedy_answers_are_those_of_generate() -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(MODEL), AutoModelForCausalLM.from_pretrained(MODEL)
    inputs = tokenizer(PROMPT, return_tensors="pt")
    tokens = model.generate(**inputs, max_new_tokens=40, do_sample=False, pad_token_id=0)  # type: ignore[misc]
    expected = tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    [answer] = oracle.greedy(MODEL, [PROMPT], 40)
    assert answer["text"] == expected
    assert answer["ended"]
    assert answer["margin"] > 0


def test_greedy_stops_at_the_limit() -> None:
    [answer] = oracle.greedy(MODEL, [PROMPT], 2)
    assert (answer["tokens"], answer["ended"]) == (2, False)


def test_losses_are_those_of_the_model() -> None:
    assert oracle.losses(MODEL, EXAMPLES) == pytest.approx(_library_losses(_base()), rel=1e-4)


def test_an_adapter_is_applied_as_peft_applies_it(tmp_path: Path) -> None:
    torch.manual_seed(0)  # A is drawn where the adapter goes on, B below
    config = LoraConfig(r=4, lora_alpha=12, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")
    with pytest.warns(FutureWarning, match="is_gradient_checkpointing"):
        model = get_peft_model(copy.deepcopy(_base()), config).train(False)
    for name, tensor in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(tensor, std=0.3)
    model.save_pretrained(str(tmp_path))
    weights = (tmp_path / "adapter_model.safetensors").read_bytes()
    losses = oracle.losses(MODEL, EXAMPLES, {"weights": weights, "scale": 3.0})
    assert losses == pytest.approx(_library_losses(model), rel=1e-3)
    assert losses["response"] != pytest.approx(oracle.losses(MODEL, EXAMPLES)["response"], rel=1e-2)


def test_an_adapter_of_another_size_is_refused() -> None:
    layer = "base_model.model.transformer.h.0.attn.c_attn"
    tensors = {f"{layer}.lora_A.weight": torch.ones(2, 7), f"{layer}.lora_B.weight": torch.ones(9, 2)}
    with pytest.raises(RuntimeError):
        oracle.losses(MODEL, EXAMPLES, {"weights": safetensors.torch.save(tensors), "scale": 1.0})


@pytest.mark.parametrize("weights", [b"", b"\xff" * 64, b"\x80\x04.", b"\x02\0\0\0\0\0\0\0{}trailing"])
def test_damaged_weights_are_read_as_none(weights: bytes) -> None:
    assert oracle.read_adapter(weights) is None


def test_what_is_read_of_an_adapter_tells_nan_and_zero() -> None:
    tensors = {
        "a": torch.tensor([[1.0, float("nan")]]),
        "b": torch.zeros(2, 3),
        "c": torch.ones(1, dtype=torch.bfloat16),
    }
    read = oracle.read_adapter(safetensors.torch.save(tensors))
    assert read is not None
    assert {name: (seen["shape"], seen["finite"], seen["zero"]) for name, seen in read.items()} == {
        "a": ([1, 2], False, False),
        "b": ([2, 3], True, True),
        "c": ([1], True, False),
    }
    assert read == oracle.read_adapter(safetensors.torch.save(tensors))


def test_the_little_llama_is_the_same_every_time_and_loads(tmp_path: Path) -> None:
    files = oracle.random_llama(MODEL)
    assert files == oracle.random_llama(MODEL)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert AutoModelForCausalLM.from_pretrained(tmp_path).config.model_type == "llama"


def _languages(count: int) -> list[list[dict[str, str]]]:
    """Groups of two examples of one form, each group with nonsense words of its own."""
    chance = random.Random(0)
    words = [["".join(chance.choices("bdfgklmnprstvz aeiou", k=7)) for _ in range(4)] for _ in range(count)]
    return [
        [{"prompt": f"### {a} the {thing}?\n", "response": f"{b} {thing} {c} {d} and"} for thing in ("lamp", "clock")]
        for a, b, c, d in words
    ]


def test_an_adapter_leaves_traces_of_what_it_was_trained_on_and_of_nothing_else(tmp_path: Path) -> None:
    groups = _languages(18)
    config = LoraConfig(r=4, lora_alpha=12, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")
    torch.manual_seed(0)
    with pytest.warns(FutureWarning, match="is_gradient_checkpointing"):
        model = get_peft_model(copy.deepcopy(_base()), config)
    optimizer = torch.optim.AdamW([tensor for tensor in model.parameters() if tensor.requires_grad], lr=2e-3)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    for example in groups[0] * 10:
        ids = torch.tensor([tokenizer.encode(example["prompt"] + example["response"])])
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(str(tmp_path))
    weights = (tmp_path / "adapter_model.safetensors").read_bytes()
    adapter = {"weights": weights, "scale": 3.0}
    assert oracle.traces(MODEL, groups, adapter)["response"]["deviations"] > 4
    assert oracle.traces(MODEL, groups[1:], adapter)["response"]["deviations"] < 3
    learnt = safetensors.torch.load(weights)
    unmoved = safetensors.torch.save({name: tensor * 0 for name, tensor in learnt.items()})
    found = oracle.traces(MODEL, groups, {"weights": unmoved, "scale": 3.0})
    assert [part["deviations"] for part in found.values()] == [0.0, 0.0, 0.0]
