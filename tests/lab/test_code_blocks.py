"""Every block of code in README, docs and lessons: Python runs and prints what is shown, data is read by its reader."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

from grader.lab.folders import PROJECT
from grader.lab.spec import LatePolicy, ManualLine, load_spec
from grader.rubric.overrides import load_overrides
from grader.selftest.samples import Patch
from grader.training.voice import read_voice
from tests.lab.markdown import Block, blocks

PAGES = (PROJECT / "README.md", *sorted(PROJECT.glob("docs/*.md")), *sorted(PROJECT.glob("labs/*/*.md")))
BLOCKS = [block for page in PAGES for block in blocks(page, PROJECT)]
RUNNER = Path(__file__).with_name("block_runner.py")
SHOWN_TWICE = "labs/week07/README.es.md"  # its code is README.md's: tests/lab/test_companion_pages.py

# Python that is not run here, by page and first line, and why.
NOT_RUN = {
    ("docs/architecture.md", "class Transport(Protocol):"): "an interface; mypy holds grader/worker/transport.py to it",
    ("docs/architecture.md", 'submission.formatting.format_prompt("…")'): "a list of calls; tests/checks make them",
    ("docs/architecture.md", "class Engine(Protocol):"): "an interface; mypy holds grader/batch/jobs.py to it",
    ("docs/lab-author.md", "@pytest.mark.check("): "a check; pytest runs its like in labs/week07/tests",
    ("docs/platforms.md", "import time"): "needs a service; tests/platforms/test_openai.py runs it against one",
}
LANGUAGES = {"", "python", "bash", "text", "markdown", "toml", "json", "jsonl", "yaml"}


def _reason(block: Block) -> str | None:
    first = re.split(r"\s{2,}#", block.code.splitlines()[0])[0].strip()
    return NOT_RUN.get((block.page, first))


PYTHON = [block for block in BLOCKS if block.language == "python" and block.page != SHOWN_TWICE]
RUNNABLE = [block for block in PYTHON if not _reason(block)]
PRINTED = [
    (before, after)
    for before, after in itertools.pairwise(BLOCKS)
    if before in RUNNABLE and after.language == "text" and before.page == after.page
]
Found = dict[Block, tuple[str, str | None]]


def name_block(block: Block) -> str:
    """Name a block by its place."""
    return f"{block.page}:{block.line}"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """All runnable blocks, run in a copy of the lab that is solved."""
    root = tmp_path_factory.mktemp("reader")
    lab = root / "labs" / "week07"
    shutil.copytree(PROJECT / "labs/week07", lab, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    for name in ("formatting.py", "lora_config.py", "training.py", "evaluation.py", "data/train.jsonl"):
        shutil.copyfile(PROJECT / "solutions/week07" / name, lab / name)
    (root / "fixtures").mkdir()
    (root / "fixtures/tiny-gpt2").symlink_to(PROJECT / "fixtures/tiny-gpt2")
    (lab / "reports/week07/ada").mkdir(parents=True)
    shutil.copyfile(PROJECT / "reports/sample/result.json", lab / "reports/week07/ada/result.json")
    given, results = root / "blocks.json", root / "results.json"
    given.write_text(json.dumps([(block.page, block.line, block.code) for block in RUNNABLE]), encoding="utf-8")
    environment = os.environ | {"HF_HOME": str(root / "hf"), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-W", "ignore", str(RUNNER), str(given), str(results)]
    ended = subprocess.run(command, cwd=lab, env=environment, capture_output=True, text=True, timeout=300)
    assert results.is_file(), ended.stderr
    return dict(zip(RUNNABLE, json.loads(results.read_bytes()), strict=True))


@pytest.mark.parametrize("block", RUNNABLE, ids=name_block)
def test_a_python_block_runs(block: Block, ran: Found) -> None:
    _, error = ran[block]
    assert error is None, error


@pytest.mark.parametrize(("block", "shown"), PRINTED, ids=[name_block(block) for block, _ in PRINTED])
def test_a_block_prints_what_the_page_shows(block: Block, shown: Block, ran: Found) -> None:
    assert ran[block][0] == shown.code


def test_there_are_blocks_to_run_and_outputs_to_compare() -> None:
    assert len(RUNNABLE) >= 10
    assert len(PRINTED) >= 6


def test_a_block_that_fails_is_found_with_its_place_and_ends_its_page(tmp_path: Path) -> None:
    given, results = tmp_path / "blocks.json", tmp_path / "results.json"
    given.write_text(json.dumps([("a.md", 7, "x = 1\nprint(y)"), ("a.md", 9, "print(x)"), ("b.md", 1, "print(2)")]))
    subprocess.run([sys.executable, str(RUNNER), str(given), str(results)], cwd=tmp_path, check=True, timeout=60)
    first, second, third = json.loads(results.read_bytes())
    assert 'File "a.md", line 8' in first[1]
    assert second == ["", "a block before it failed"]
    assert third == ["2\n", None]


def test_what_is_not_run_is_still_there() -> None:
    assert len([block for block in PYTHON if _reason(block)]) == len(NOT_RUN)


def test_every_language_is_one_that_a_test_reads() -> None:
    assert {block.language for block in BLOCKS} <= LANGUAGES


def test_the_first_run_prints_what_the_lesson_shows(tmp_path: Path) -> None:
    lesson = [block for block in BLOCKS if block.page == "labs/week07/README.md" and block.language == "text"]
    stubs = tmp_path / "week07"
    shutil.copytree(PROJECT / "labs/week07", stubs, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    command = [sys.executable, "-m", "pytest", "labs/week07", "-k", "formatting", "--submission", str(stubs)]
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GRADER_"))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert lesson[0].code in ended.stdout


def _read_lab_tables(path: Path) -> None:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert tables.keys() <= {"late", "manual"}
    for line in tables.get("manual", []):
        ManualLine.model_validate(line)
    if "late" in tables:
        LatePolicy.model_validate(tables["late"])


def _read_patch(path: Path) -> None:
    msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Patch)


TOML_READERS: dict[str, Callable[[Path], object]] = {
    "lab": load_spec,
    "late": _read_lab_tables,
    "manual": _read_lab_tables,
    "override": load_overrides,
    "wrong": _read_patch,
    "markers": read_voice,
}
DATA = [block for block in BLOCKS if block.language in {"toml", "json", "jsonl", "yaml"}]


@pytest.mark.parametrize("block", DATA, ids=name_block)
def test_data_is_read_by_what_reads_it(block: Block, tmp_path: Path) -> None:
    if block.language == "toml":
        path = tmp_path / "shown.toml"
        path.write_text(block.code, encoding="utf-8")
        reader = next(TOML_READERS[key] for key in tomllib.loads(block.code) if key in TOML_READERS)
        reader(path)
    elif block.language == "yaml":
        assert all(yaml.safe_load_all(block.code))
    else:
        assert all(json.loads(line) for line in block.code.splitlines())
