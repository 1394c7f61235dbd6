"""The student's loop on the formatting task, against as many Hypothesis examples under plain pytest."""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.pairs import Pair, compare
from grader.lab.folders import PROJECT

PLAIN = """
import sys
sys.path[:0] = [{solutions!r}, {tests!r}]
from hypothesis import given, settings
from week07_strategies import pairs, texts
from formatting import format_instruction, format_prompt

@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(instruction=texts())
def test_prompt(instruction):
    assert format_prompt(instruction) == "### Instruction:\\n" + instruction + "\\n\\n### Response:\\n"

@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(pair=pairs())
def test_text(pair):
    assert format_instruction(pair).endswith(pair["output"])
"""


LIBRARIES = "import torch, datasets, peft, transformers; transformers.Trainer"


def measure() -> list[Pair]:
    """Return two comparisons: two properties, sixty examples each; and the whole lab against its imports alone."""
    lab, solutions = PROJECT / "labs" / "week07", PROJECT / "solutions" / "week07"
    ours = ["labs/week07/tests/test_formatting.py", "--submission", str(solutions)]
    names = "prompt_follows_the_template or text_is_prompt_then_output"
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "test_plain.py"
        plain.write_text(PLAIN.format(solutions=str(solutions), tests=str(lab / "tests")))
        return [
            compare(
                "two properties of formatting",
                ("plain pytest and Hypothesis", lambda: _pytest("--noconftest", "-c", "/dev/null", str(plain))),
                ("pytest labs/week07", lambda: _pytest(*ours, "-k", names)),
                5,
            ),
            compare(
                "the whole lab, on the reference",
                ("its libraries imported", lambda: _run("-c", LIBRARIES)),
                ("pytest labs/week07", lambda: _pytest("labs/week07", "--submission", str(solutions))),
                3,
            ),
        ]


def _pytest(*args: str) -> None:
    _run("-m", "pytest", "-q", "-p", "no:cacheprovider", *args)


def _run(*args: str) -> None:
    subprocess.run([sys.executable, *args], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
