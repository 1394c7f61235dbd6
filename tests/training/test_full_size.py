"""Full-size GPT-2, random weights: the day the real ones are fetched, nothing about memory or speed surprises."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.lab import Lab
from grader.lab.folders import PROJECT
from grader.results import Outcome
from grader.training import choose_model, train_and_judge
from grader.training.convert import convert
from grader.worker import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2 as published (124 M parameters) with random weights, converted as a fetch does."""
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    raw, folder = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("models") / "gpt2"
    tokenizer = AutoTokenizer.from_pretrained(PROJECT / "fixtures" / "tiny-gpt2")
    eos = tokenizer.eos_token_id
    GPT2LMHeadModel(GPT2Config(bos_token_id=eos, eos_token_id=eos)).save_pretrained(raw)
    tokenizer.save_pretrained(raw)
    convert(raw, folder, name="gpt2")
    return folder


def test_a_run_on_full_size_gpt2_fits_into_the_labs_limits(
    warm_server: Server, lab: Lab, gpt2: Path, submission: Callable[[str], Path], plain_lora: str
) -> None:
    limits = lab.spec.limits.model_copy(update={"train_s": 600.0})
    roomy = Lab(lab.spec.model_copy(update={"limits": limits}), lab.folder, lab.solutions)
    assert sum(path.stat().st_size for path in gpt2.iterdir()) < 700 * 2**20
    choice = choose_model(roomy, str(gpt2), "cpu")
    code = plain_lora.replace("5e-4, 1, 3, 0", "5e-4, 1, 1, 0")
    result = train_and_judge(warm_server, submission(code), roomy, choice, 5, lambda line: None)
    assert result.outcome is Outcome.PASSED, result.message
    assert result.measurements["trainable_share"].value < 0.01
    assert "There are no bands for gpt2 yet; these are smollm2-135m's." in result.measurements["heldout_loss"].note
    print(json.dumps({"training_s": result.seconds, "answer_s": result.measurements["latency_s"].tuned}))
