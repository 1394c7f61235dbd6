"""A class whose modules import torch, transformers and peft, and checks of them in the form of each grader.

There are six small checks, and where training is asked for too, one more that fine-tunes a small model.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

TASK, MODULE, FILE = "tools", "tools", "tools.py"
MISTAKEN = 5  # every fifth submission has one mistake, so that a grader that passes everything is found out
CODE = '''"""The tools of student {number}."""

import math

import torch
from peft import LoraConfig
from transformers import GPT2Config


def mean_loss(losses):
    return float(torch.tensor(losses, dtype=torch.float64).mean())


def perplexity(losses):
    return math.exp(mean_loss(losses))


def predicted(logits):
    return torch.tensor(logits).argmax(dim=-1).tolist()


def scaling(rank, alpha):
    config = LoraConfig(r=rank, lora_alpha=alpha)
    return {scaling}


def head_size(width, heads):
    config = GPT2Config(n_embd=width, n_head=heads)
    return config.n_embd // config.n_head


def padded(rows, filler):
    longest = max(len(row) for row in rows)
    return [row + [filler] * (longest - len(row)) for row in rows]
'''
TRAINING = '''

def learns(steps):
    """Fine-tune a small GPT-2 with LoRA; tell whether its loss fell."""
    from peft import get_peft_model
    from transformers import GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(n_embd=256, n_layer=6, n_head=4, vocab_size=8192, bos_token_id=0, eos_token_id=0)
    lora = LoraConfig(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
    model = get_peft_model(GPT2LMHeadModel(config), lora)
    tokens = torch.randint(0, 100, (8, 128))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer, losses = torch.optim.AdamW(trained, lr=1e-2), []
    for _ in range(steps):
        loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses[-1] < losses[0]
'''
STEPS = 12  # some five seconds on one core
RIGHT, WRONG = "config.lora_alpha / config.r", "config.r / config.lora_alpha"


class Work(NamedTuple):
    """What a class hands in, and its checks.

    `checks` has the name of each and of the function it calls, with the arguments, what must come back, and the points;
    `preload` says in lab.toml what our server imports before it forks.
    """

    code: str
    checks: Mapping[str, tuple[str, str, int]]
    preload: str


POINTS = (20, 20, 15, 15, 15, 15)
_SIX = {
    "mean_loss": ("[3.5, 2.5, 1.5, 0.5]", "2.0"),
    "perplexity": ("[0.0, 0.0]", "1.0"),
    "predicted": ("[[0.1, 0.9], [0.8, 0.2]]", "[1, 0]"),
    "scaling": ("8, 16", "2.0"),
    "head_size": ("64, 4", "16"),
    "padded": ("[[1, 2], [3]], 0", "[[1, 2], [3, 0]]"),
}
SIX = Work(
    CODE,
    {name: (*call, points) for (name, call), points in zip(_SIX.items(), POINTS, strict=True)},
    'preload = ["torch", "transformers.models.gpt2", "peft"]',
)
SIX_AND_TRAINING = Work(
    CODE + TRAINING,
    {name: (*call, 15) for name, call in _SIX.items()} | {"learns": (str(STEPS), "True", 10)},
    "",  # all that a training run needs
)

SPEC = f"""
lab = "six"
title = "Six Checks"

[limits]
call_s = 300.0
check_s = 300.0

[[tasks]]
name = "{TASK}"
title = "Small tools"
module = "{MODULE}"

[tasks.visible]
"""
OURS = """
import pytest


{checks}
"""
OUR_CHECK = """
@pytest.mark.check(task="tools", points={points}, title="{name}", hint="Look at {name} again.")
def test_{name}(submission):
    assert submission.tools.{name}({arguments}) == {expected}
"""
PYTEST = "import tools\n"
PYTEST_CHECK = """

def test_{name}():
    assert tools.{name}({arguments}) == {expected}
"""
# check50 runs checks in processes forked from the one that loads this file: importing the libraries here, once for
# them all, is the fastest that it can be made to be.
CHECK50 = """import check50
import check50.py
import peft
import torch
import transformers
"""
CHECK50_CHECK = """

@check50.check()
def {name}():
    \"\"\"{name}\"\"\"
    returned = check50.py.import_("tools.py").{name}({arguments})
    if returned != {expected}:
        raise check50.Failure(f"{name} returned {{returned}}")
"""
OTTER_CHECK = """OK_FORMAT = True
test = {{
    "name": "{name}",
    "points": 1,
    "suites": [{{"type": "doctest", "cases": [{{"code": ">>> {name}({arguments}) == {expected}\\nTrue"}}]}}],
}}
"""


def expected_passes(number: int, work: Work) -> int:
    """Return how many of the checks submission `number` passes."""
    return len(work.checks) - (number % MISTAKEN == 0)


def write_class(folder: Path, size: int, work: Work = SIX) -> list[Path]:
    """Write a class; return the submissions' folders in order."""
    folders = [folder / f"student-{number:04}" for number in range(size)]
    for number, place in enumerate(folders):
        right = expected_passes(number, work) == len(work.checks)
        _write(place / FILE, work.code.format(number=number, scaling=RIGHT if right else WRONG))
    return folders


def write_lab(root: Path, work: Work = SIX) -> Path:
    """Write the checks for this grader; return the lab's folder."""
    folder = root / "labs" / "six"
    manifest = (f"{name} = {points}\n" for name, (_, _, points) in work.checks.items())
    _write(folder / "lab.toml", f"{work.preload}\n{SPEC}" + "".join(manifest))
    _write(folder / "tests" / "test_tools.py", OURS.format(checks="\n".join(_fill(OUR_CHECK, work))))
    return folder


def write_pytest(root: Path, work: Work) -> Path:
    """Write the checks as plain tests; return the file."""
    return _write(root / "test_tools.py", PYTEST + "".join(_fill(PYTEST_CHECK, work)))


def write_check50(root: Path, work: Work) -> Path:
    """Write the checks for check50; return their folder."""
    _write(root / ".cs50.yaml", "check50:\n  checks: __init__.py\n")
    return _write(root / "__init__.py", CHECK50 + "".join(_fill(CHECK50_CHECK, work))).parent


def write_otter(root: Path, work: Work) -> Path:
    """Write the checks for otter-grader; return the archive that it takes them from."""
    root.mkdir(parents=True)
    with ZipFile(root / "autograder.zip", "w") as archive:
        for name, check in zip(work.checks, _fill(OTTER_CHECK, work), strict=True):
            archive.writestr(f"tests/{name}.py", check)
    return root / "autograder.zip"


def _fill(template: str, work: Work) -> list[str]:
    return [
        template.format(name=name, arguments=arguments, expected=expected, points=points)
        for name, (arguments, expected, points) in work.checks.items()
    ]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
