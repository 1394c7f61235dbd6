"""A small experiment with the bundled model and pairs, on a submission given as text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.experiment.data import read_data
from grader.experiment.runs import Experiment
from grader.lab import find_lab
from grader.training import choose_model
from grader.worker import Server

Prepare = Callable[..., Experiment]

KEYWORDS = "*, seed: int = 0, learning_rate: float = 5e-4, rank: int = 8"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep base-side numbers out of the user's own cache; one folder for the session."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path_factory.getbasetemp() / "grader-cache"))


@pytest.fixture
def plain_lora() -> str:
    """A fine_tune in a plain loop that takes no more than the contract has."""
    return (Path(__file__).parents[1] / "training" / "plain_lora.py").read_text(encoding="utf-8")


@pytest.fixture
def flexible(plain_lora: str) -> str:
    """The same with learning_rate and rank as keywords."""
    code = plain_lora.replace("*, seed: int = 0", KEYWORDS).replace("RATE * (", "learning_rate * (")
    code = code.replace("lr=RATE", "lr=learning_rate").replace("r=8, lora_alpha=16", "r=rank, lora_alpha=2 * rank")
    assert code.count("learning_rate") > plain_lora.count("learning_rate") + 2
    return code


@pytest.fixture
def prepare(warm_server: Server, tmp_path: Path) -> Prepare:
    """Make the experiment of a training.py given as text; `hash` stands for the hash of its files."""

    def make(
        code: str,
        hash: str = "a",
        train_s: float = 60.0,
        progress: Callable[[str], None] = lambda line: None,
    ) -> Experiment:
        lab = find_lab("week07")
        root = tmp_path / "submission"
        root.mkdir(exist_ok=True)
        (root / "training.py").write_text(code, encoding="utf-8")
        return Experiment(
            warm_server,
            root,
            hash,
            lab.spec.limits.model_copy(update={"train_s": train_s}),
            choose_model(lab, "tiny-gpt2", "cpu"),
            read_data(None, None, 0),
            0,
            tmp_path / "out" / "experiment.json",
            progress,
        )

    return make
