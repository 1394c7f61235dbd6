"""Probes: objects in the worker turned into plain data, over both transports and a real small model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch

from grader.worker import Handle, InProcess, Server, StudentError, Worker, WorkerLimits
from grader.worker.plain import config_fields

from .conftest import MakeSource, OpenTransport

MODEL = str(Path(__file__).parents[2] / "fixtures" / "tiny-gpt2")
SECONDS = 60.0
IDS = [5, 6, 7, 8]
ROW = {"input_ids": [IDS], "attention_mask": [[1, 1, 1, 1]], "labels": [[-100, 6, 7, 8]]}
LORA = """
from peft import LoraConfig, get_peft_model
def config(): return LoraConfig(
    r=4, lora_alpha=8, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")

def attach(model, config): return get_peft_model(model, config)
"""


@pytest.fixture
def worker(warm_server: Server, make_source: MakeSource) -> Iterator[Worker]:
    with warm_server.worker(make_source(lora_config=LORA), WorkerLimits(), readable=[Path(MODEL)]) as worker:
        yield worker


def adapted(worker: Worker) -> tuple[object, object]:
    base = worker.probe("load_model", [MODEL], {}, seconds=SECONDS)
    config = worker.call("lora_config", "config", [], {}, seconds=SECONDS)
    return worker.probe("logits", [base, IDS], {}, seconds=SECONDS), worker.call(
        "lora_config", "attach", [base, config], {}, seconds=SECONDS
    )


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("gpt2", 124.4),
        ("llama-2-7b", 6738.4),
        ("mistral-7b", 7241.7),
        ("phi3", 3821.1),
        ("gemma", 2506.2),
        ("qwen2", 494.0),
    ],
)
def test_full_size_architectures_have_the_published_number_of_parameters(
    name: str, millions: float, worker: Worker
) -> None:
    model = worker.probe("build_architecture", [name], {}, seconds=SECONDS)
    rows = worker.probe("parameters", [model], {}, seconds=SECONDS)
    assert isinstance(rows, list)
    count = 0
    for _name, shape, _grad, _dtype in rows:
        size = 1
        for side in shape:
            size *= side
        count += size
    tied = {"gpt2", "gemma", "qwen2"}
    assert count / 1e6 == pytest.approx(millions, abs=0.1 if name in tied else 0.06)


def test_an_adapter_changes_nothing_at_first_then_trains_alone_merges_and_is_saved(worker: Worker) -> None:
    before, model = adapted(worker)
    assert worker.probe("logits", [model, IDS], {}, seconds=SECONDS) == before
    rows = worker.probe("parameters", [model], {}, seconds=SECONDS)
    trained = worker.probe("train_steps", [model, [ROW] * 4, 1e-2], {}, seconds=SECONDS)
    assert isinstance(rows, list)
    assert isinstance(trained, dict)
    assert len(trained["losses"]) == 4
    assert trained["losses"][-1] < trained["losses"][0]
    assert set(trained["changed"]) == {name for name, _shape, grad, _dtype in rows if grad}
    assert all("lora_" in name for name in trained["changed"])
    after = worker.probe("logits", [model, IDS], {}, seconds=SECONDS)
    assert after != before
    merged = worker.probe("merged_logits", [model, IDS], {}, seconds=SECONDS)
    assert isinstance(merged, list)
    assert isinstance(after, list)
    assert merged[-1] == pytest.approx(after[-1], abs=1e-3)
    saved = worker.probe("saved_adapter", [model], {}, seconds=SECONDS)
    assert isinstance(saved, dict)
    assert {"adapter_config.json", "adapter_model.safetensors"} <= set(saved)
    assert worker.probe("logits", [model, IDS], {}, seconds=SECONDS)[-1] == pytest.approx(after[-1], abs=1e-3)  # type: ignore[index]


def test_numbers_are_put_into_an_adapter_that_has_their_places_alone(worker: Worker) -> None:
    base = worker.probe("load_model", [MODEL], {}, seconds=SECONDS)
    model = worker.probe("wear_adapter", [base, ["c_attn"], 2], {}, seconds=SECONDS)
    before = worker.probe("logits", [model, IDS], {}, seconds=SECONDS)
    layer = "transformer.h.0.attn.c_attn"
    fitting = {f"{layer}.lora_A.weight": torch.ones(2, 128), f"{layer}.lora_B.weight": torch.ones(384, 2)}
    worker.probe("set_adapter", [model, safetensors.torch.save(fitting)], {}, seconds=SECONDS)
    assert worker.probe("logits", [model, IDS], {}, seconds=SECONDS) != before
    for wrong in (
        {f"{layer}.lora_A.weight": torch.ones(3, 128)},
        {"transformer.wte.lora_A.weight": torch.ones(2, 128)},
    ):
        with pytest.raises(StudentError, match="has no tensor"):
            worker.probe("set_adapter", [model, safetensors.torch.save(wrong)], {}, seconds=SECONDS)


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantized_model_learns_before_and_after_an_evaluation(bits: int, worker: Worker) -> None:
    base = worker.probe("load_model", [MODEL], {"bits": bits}, seconds=SECONDS)
    config = worker.call("lora_config", "config", [], {}, seconds=SECONDS)
    model = worker.call("lora_config", "attach", [base, config], {}, seconds=SECONDS)
    losses = []
    for _ in range(3):
        trained = worker.probe("train_steps", [model, [ROW] * 3, 1e-3], {}, seconds=SECONDS)
        worker.probe("logits", [model, IDS], {}, seconds=SECONDS)
        assert isinstance(trained, dict)
        assert trained["changed"]
        losses.append(trained["losses"][-1])
    assert losses[-1] < losses[0]


def test_the_mode_is_read_set_and_restored(worker: Worker) -> None:
    model = worker.probe("load_model", [MODEL], {}, seconds=SECONDS)
    for flag in (True, False):
        worker.probe("set_training", [model, flag], {}, seconds=SECONDS)
        worker.probe("logits", [model, IDS], {}, seconds=SECONDS)
        assert worker.probe("is_training", [model], {}, seconds=SECONDS) is flag


def test_a_tokenizer_with_bos_prepends_it_unless_told_not_to(warm_server: Server, make_source: MakeSource) -> None:
    text = "def ids(tokenizer, **options): return tokenizer('hello', **options)['input_ids']"
    with warm_server.worker(make_source(formatting=text), WorkerLimits(), readable=[Path(MODEL)]) as worker:
        found = {}
        for bos in (False, True):
            tokenizer = worker.probe("load_tokenizer", [MODEL], {"bos": bos}, seconds=SECONDS)
            for special in (False, True):
                options = {"add_special_tokens": special}
                found[bos, special] = worker.call("formatting", "ids", [tokenizer], options, seconds=SECONDS)
    plain = found[False, False]
    assert isinstance(plain, list)
    with_bos = found[True, True]
    assert isinstance(with_bos, list)
    assert found[False, True] == found[True, False] == plain
    assert with_bos[1:] == plain


def test_config_objects_cross_with_their_fields(make_source: MakeSource, open_transport: OpenTransport) -> None:
    text = (
        "def lora():\n    from peft import LoraConfig\n"
        "    return LoraConfig(r=4, target_modules={'b', 'a'}, task_type='CAUSAL_LM')\n"
        "def bits():\n    from transformers import BitsAndBytesConfig\n"
        "    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4')\n"
        "def arguments():\n    from transformers import TrainingArguments\n"
        "    class Mine(TrainingArguments): pass\n"
        "    return Mine('out', eval_strategy='epoch', warmup_steps=0.1, use_cpu=True)\n"
        "def other():\n    from transformers import GPT2Config\n    return GPT2Config()\n"
    )
    transport = open_transport(make_source(lora_config=text))
    lora, bits, arguments, other = (
        transport.call("lora_config", name, [], {}, seconds=SECONDS) for name in ("lora", "bits", "arguments", "other")
    )
    assert isinstance(lora, Handle)
    assert (lora.kind, lora.r, lora.target_modules, lora.task_type) == ("LoraConfig", 4, ["a", "b"], "CAUSAL_LM")
    assert isinstance(bits, Handle)
    assert (bits.load_in_4bit, bits.bnb_4bit_quant_type) == (True, "nf4")
    assert isinstance(arguments, Handle)
    assert "TrainingArguments" in arguments.ancestry
    assert (arguments.eval_strategy, arguments.output_dir) == ("epoch", "out")
    assert isinstance(other, Handle)
    assert other.fields == {}


def test_sets_of_unlike_things_do_not_break_a_config() -> None:
    from dataclasses import dataclass, field

    @dataclass
    class Config:
        mixed: set[object] = field(default_factory=lambda: {1, "a"})
        r: int = 8

    assert config_fields(Config())["r"] == 8


def test_an_unknown_probe_is_told() -> None:
    transport = InProcess(None, WorkerLimits())
    with pytest.raises(StudentError, match="no probe is named 'evil'"):
        transport.probe("evil", [], {}, seconds=SECONDS)
    transport.close()
