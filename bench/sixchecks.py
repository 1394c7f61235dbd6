"""A class whose modules import torch, transformers and peft, and six checks of them in the form of each grader."""

from pathlib import Path
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
RIGHT, WRONG = "config.lora_alpha / config.r", "config.r / config.lora_alpha"
# The name of each check and of the function it calls, with the arguments, and what must come back.
CHECKS = {
    "mean_loss": ("[3.5, 2.5, 1.5, 0.5]", "2.0"),
    "perplexity": ("[0.0, 0.0]", "1.0"),
    "predicted": ("[[0.1, 0.9], [0.8, 0.2]]", "[1, 0]"),
    "scaling": ("8, 16", "2.0"),
    "head_size": ("64, 4", "16"),
    "padded": ("[[1, 2], [3]], 0", "[[1, 2], [3, 0]]"),
}
POINTS = (20, 20, 15, 15, 15, 15)

SPEC = f"""
lab = "six"
title = "Six Checks"
preload = ["torch", "transformers.models.gpt2", "peft"]

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


def expected_passes(number: int) -> int:
    """Return how many of the six checks submission `number` passes."""
    return len(CHECKS) - (number % MISTAKEN == 0)


def write_class(folder: Path, size: int) -> list[Path]:
    """Write a class; return the submissions' folders in order."""
    folders = [folder / f"student-{number:04}" for number in range(size)]
    for number, place in enumerate(folders):
        code = CODE.format(number=number, scaling=RIGHT if expected_passes(number) == len(CHECKS) else WRONG)
        _write(place / FILE, code)
    return folders


def write_lab(root: Path) -> Path:
    """Write the checks for this grader; return the lab's folder."""
    folder = root / "labs" / "six"
    points = dict(zip(CHECKS, POINTS, strict=True))
    _write(folder / "lab.toml", SPEC + "".join(f"{name} = {value}\n" for name, value in points.items()))
    checks = (_fill(OUR_CHECK, name, points=points[name]) for name in CHECKS)
    _write(folder / "tests" / "test_tools.py", OURS.format(checks="\n".join(checks)))
    return folder


def write_pytest(root: Path) -> Path:
    """Write the checks as plain tests; return the file."""
    return _write(root / "test_tools.py", PYTEST + "".join(_fill(PYTEST_CHECK, name) for name in CHECKS))


def write_check50(root: Path) -> Path:
    """Write the checks for check50; return their folder."""
    _write(root / ".cs50.yaml", "check50:\n  checks: __init__.py\n")
    return _write(root / "__init__.py", CHECK50 + "".join(_fill(CHECK50_CHECK, name) for name in CHECKS)).parent


def write_otter(root: Path) -> Path:
    """Write the checks for otter-grader; return the archive that it takes them from."""
    root.mkdir(parents=True)
    with ZipFile(root / "autograder.zip", "w") as archive:
        for name in CHECKS:
            archive.writestr(f"tests/{name}.py", _fill(OTTER_CHECK, name))
    return root / "autograder.zip"


def _fill(template: str, name: str, **more: object) -> str:
    arguments, expected = CHECKS[name]
    return template.format(name=name, arguments=arguments, expected=expected, **more)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
