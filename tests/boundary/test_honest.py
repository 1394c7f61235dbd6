"""What honest students use, and what must therefore work inside: no network, no processes, one folder to write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.worker import Worker

OpenWorker = Callable[..., Worker]
MODEL = Path(__file__).parents[2] / "fixtures" / "tiny-gpt2"

ROWS = """
import json
rows = [{"input": f"question {n}", "output": f"answer {n}"} for n in range(8)]
with open("rows.jsonl", "w") as stream:
    stream.writelines(json.dumps(row) + "\\n" for row in rows)
"""

LORA = """
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(args[0])
model = AutoModelForCausalLM.from_pretrained(args[0])
config = LoraConfig(r=4, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")
def encode(row):
    ids = tokenizer(row["input"] + row["output"])["input_ids"]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": ids}
"""

TRAINER = f"""{ROWS}{LORA}
from datasets import load_dataset
from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments
model = get_peft_model(model, config)
data = load_dataset("json", data_files="rows.jsonl")["train"].train_test_split(0.25, seed=0)
data = data.map(encode, remove_columns=["input", "output"])
arguments = TrainingArguments(args[1], num_train_epochs=2, per_device_train_batch_size=2, eval_strategy="epoch",
    save_strategy="epoch", save_total_limit=1, logging_steps=1, use_cpu=True, report_to=[])
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
trainer = Trainer(model, arguments, train_dataset=data["train"], eval_dataset=data["test"],
    data_collator=DataCollatorForSeq2Seq(tokenizer))
trainer.train()
model.save_pretrained(args[1])
tokenizer.save_pretrained(args[1])
result = trainer.state.log_history
"""

SFT = f"""{ROWS}{LORA}
from datasets import Dataset
from trl import SFTConfig, SFTTrainer
data = Dataset.from_list([{{"prompt": row["input"], "completion": row["output"]}} for row in rows])
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
arguments = SFTConfig(args[1], max_steps=2, logging_steps=1, per_device_train_batch_size=2, use_cpu=True, bf16=False)
trainer = SFTTrainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer, peft_config=config)
trainer.train()
trainer.save_model(args[1])
result = trainer.state.log_history
"""

ACCELERATE = f"""{ROWS}{LORA}
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader
model = get_peft_model(model, config)
accelerator = Accelerator(cpu=True)
loader = DataLoader([encode(row) for row in rows], batch_size=1, shuffle=True, num_workers=0,
    collate_fn=lambda batch: {{name: torch.tensor([row[name] for row in batch]) for name in batch[0]}})
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
result = []
for batch in loader:
    loss = model(**batch).loss
    accelerator.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    result.append({{"loss": loss.item()}})
accelerator.unwrap_model(model).save_pretrained(args[1])
"""

METRIC = """
import datasets, evaluate
class Style(evaluate.Metric):
    def _info(self):
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)
    def _compute(self, predictions, references):
        return {"style": sum(p == r for p, r in zip(predictions, references)) / len(predictions)}
metric = Style()
metric.add_batch(predictions=["a"], references=["a"])
metric.add_batch(predictions=["b"], references=["c"])
first = metric.compute()["style"]
result = [first, Style(keep_in_memory=True).compute(predictions=["a"], references=["a"])["style"]]
"""


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("text", [TRAINER, SFT, ACCELERATE], ids=["Trainer", "SFTTrainer", "Accelerate"])
def test_a_training_run_works_and_saves_an_adapter(text: str, threads: int, open_worker: OpenWorker) -> None:
    if text is SFT:
        pytest.importorskip("trl")
    worker = open_worker(readable=[MODEL], threads=threads)
    folder = worker.new_folder("adapter")
    history = worker.call("formatting", "run", [text, str(MODEL), folder], {}, seconds=240)
    assert isinstance(history, list)
    assert any("loss" in record for record in history)
    files = worker.collect(folder)
    assert {"adapter_config.json", "adapter_model.safetensors"} <= set(files)


def test_an_evaluate_metric_works(open_worker: OpenWorker) -> None:
    assert open_worker().call("formatting", "run", [METRIC], {}, seconds=120) == [0.5, 1.0]


def test_generation_works_and_leaves_caches_in_scratch(open_worker: OpenWorker) -> None:
    text = (
        f"{LORA}\nimport os\nfrom pathlib import Path\n"
        "ids = tokenizer('hello', return_tensors='pt')\n"
        "out = model.generate(**ids, max_new_tokens=3, do_sample=False, pad_token_id=0)\n"
        "from huggingface_hub import constants\nimport datasets.config\n"
        "result = [out.shape[0], *(os.path.realpath(p) for p in "
        "(constants.HF_HOME, datasets.config.HF_DATASETS_CACHE, os.environ['HOME'], Path.home()))]"
    )
    worker = open_worker(readable=[MODEL])
    result = worker.call("formatting", "run", [text, str(MODEL)], {}, seconds=120)
    assert isinstance(result, list)
    assert result[0] == 1
    assert all(place.startswith(str(Path(worker.new_folder("x")).parents[1] / "scratch")) for place in result[1:])


@pytest.mark.parametrize(
    "text",
    [
        "import shutil, os\nopen('a', 'w').write('x')\nshutil.copy('a', 'b')\nshutil.copy2('a', 'c')\n"
        "shutil.move('a', 'd')\nos.makedirs('e/f')\nshutil.copytree('e', 'g')\nshutil.rmtree('e')\n"
        "result = sorted(os.listdir('.'))[:4]",
        "import tempfile\nwith tempfile.TemporaryDirectory() as d, tempfile.TemporaryFile():\n"
        "    result = d",
        "from pathlib import Path\nPath('made').touch()\nPath('made').touch()\nresult = Path('made').exists()",
        "import threading, queue\nq = queue.Queue()\nt = threading.Thread(target=q.put, args=(1,))\nt.start()\n"
        "result = q.get()",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as p:\n"
        "    result = sum(p.map(int, '123'))",
        "import asyncio\nasync def f(): return 1\nresult = asyncio.run(f())",
        "from tqdm import tqdm\nresult = sum(tqdm(range(3)))",
        "import torch, platform, os, time, secrets, locale, zoneinfo\nresult = [platform.platform(), os.cpu_count(), "
        "secrets.token_bytes(1), time.tzname, os.getcwd(), zoneinfo.ZoneInfo('UTC') and 1]",
        "import signal\nsignal.alarm(60)\nsignal.signal(signal.SIGALRM, signal.SIG_DFL)\nresult = signal.alarm(0)",
        "import os\nos.kill(os.getpid(), 0)\nresult = os.getpgid(0)",
        "import bitsandbytes as bnb, torch\nlayer = bnb.nn.Linear4bit(64, 64, compute_dtype=torch.float32).to('cpu')\n"
        "result = [layer(torch.ones(1, 64)).shape[1], layer.support_avx512bf16_for_cpu]",
        "import torch\ntorch.set_num_threads(2)\nresult = float((torch.ones(400, 400) @ torch.ones(400, 400)).sum())",
        "import psutil\nresult = psutil.virtual_memory().total > 0 and psutil.Process().memory_info().rss > 0",
        "import unicodedata, json, re, statistics, difflib, collections\nresult = 1",
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as p\np.plot([1])\np.savefig('a')\n"
        "result = 1",
        "import sklearn.metrics\nresult = float(sklearn.metrics.accuracy_score([1], [1]))",
        "import pandas\npandas.DataFrame({'a': [1]}).to_csv('a.csv')\nresult = len(pandas.read_csv('a.csv'))",
    ],
)  # fmt: skip
def test_ordinary_python_works(text: str, open_worker: OpenWorker) -> None:
    for library in ("matplotlib", "sklearn", "psutil"):
        if library in text:
            pytest.importorskip(library)
    assert open_worker().call("formatting", "run", [text], {}, seconds=60)
