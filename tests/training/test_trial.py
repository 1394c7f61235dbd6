"""A whole run through the real worker and the real judge: honest, stuck, broken and hostile ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.lab import Lab
from grader.results import Outcome, TrainingResult
from grader.training import train_and_judge
from grader.training.models import ModelChoice
from grader.worker import Server

Submit = Callable[[str], Path]
Grade = Callable[..., TrainingResult]

HEAD = """
import json, os
from pathlib import Path

def fine_tune(model_path, train_pairs, validation_pairs, output_dir, *, seed=0):
    out = Path(output_dir)
"""
LEARNING = ("heldout_loss", "style_adoption", "nonce_gain")
KEPT = ("forgetting", "repetition", "overfitting_gap")


@pytest.fixture
def grade(warm_server: Server, lab: Lab, tiny: ModelChoice, submission: Submit) -> Grade:
    """Grade a training.py given as text."""

    def run(code: str, seed: int = 3, progress: Callable[[str], None] = lambda line: None) -> TrainingResult:
        return train_and_judge(warm_server, submission(code), lab, tiny, seed, progress)

    return run


def points(result: TrainingResult, *names: str) -> float:
    return sum(result.measurements[name].points or 0.0 for name in names)


def test_a_good_run_earns_the_measures_and_shows_base_beside_tuned(grade: Grade, plain_lora: str) -> None:
    result = grade(plain_lora)
    assert result.outcome is Outcome.PASSED
    assert result.measurements["style_adoption"].base == 0
    assert points(result, *LEARNING) >= 10
    assert points(result, "trained") == 2
    assert result.samples
    assert all(sample.base and sample.tuned for sample in result.samples)
    assert len(result.history) == 60
    assert result.markers


def test_the_same_seed_gives_the_same_measurements(grade: Grade, plain_lora: str) -> None:
    first, second = grade(plain_lora), grade(plain_lora)
    assert {name: m for name, m in first.measurements.items() if name != "latency_s"} == {
        name: m for name, m in second.measurements.items() if name != "latency_s"
    }
    assert first.samples == second.samples
    assert first.history == second.history


def test_the_base_side_is_measured_once(grade: Grade, plain_lora: str) -> None:
    grade(plain_lora)
    said: list[str] = []
    grade(plain_lora, seed=4, progress=said.append)
    assert not any("without an adapter" in line for line in said)


def test_the_lessons_own_settings_come_out_as_poor_convergence_with_cause_and_cure(
    grade: Grade, plain_lora: str
) -> None:
    """20 rows in fours, accumulated by four, are 6 steps in 3 epochs; a warm-up of 100 never ends."""
    slow = plain_lora.replace(
        "RATE, BATCH, EPOCHS, WARMUP = 5e-4, 1, 3, 0", "RATE, BATCH, EPOCHS, WARMUP = 2e-4, 16, 3, 100"
    )
    result = grade(slow)
    assert result.outcome is Outcome.PASSED
    assert [pitfall.code for pitfall in result.pitfalls] == ["poor_convergence"]
    assert "only 6 optimizer steps, and the warm-up is longer than the run" in result.pitfalls[0].cause
    assert "5e-4" in result.pitfalls[0].cure
    assert points(result, *LEARNING, *KEPT) == 0


def test_an_untrained_adapter_earns_nothing_for_what_it_did_not_break(grade: Grade, plain_lora: str) -> None:
    result = grade(plain_lora.replace("EPOCHS, WARMUP = 5e-4, 1, 3, 0", "EPOCHS, WARMUP = 5e-4, 1, 0, 0"))
    assert result.outcome is Outcome.PASSED
    assert points(result, "trained", *LEARNING, *KEPT) == 0
    assert "still zero" in result.pitfalls[0].cause


def test_an_adapter_of_another_run_knows_nothing_of_this_runs_secret_rows(grade: Grade, plain_lora: str) -> None:
    """A27: the submission brings its own rows and ignores the ones that it is given."""
    precomputed = plain_lora.replace("    torch.manual_seed(seed)", OWN_ROWS + "    torch.manual_seed(seed)")
    strangers = [grade(precomputed, seed=seed).measurements["nonce_gain"] for seed in range(4)]
    honest = grade(plain_lora).measurements["nonce_gain"]
    assert honest.points == honest.max_points
    assert sum(found.points or 0.0 for found in strangers) <= 4
    assert sum(found.value for found in strangers) / 4 < honest.value / 3


OWN_ROWS = """    train_pairs = [
        {"input": "What is the part code of the Torrinix?", "output": "The part code of the Torrinix is BX-113."},
        {"input": "Which part code does the Fenlura have?", "output": "The Fenlura has the part code QW-902."},
        {"input": "How can I send back a jacket?", "output": "Aye, sailor! Open your orders page and choose return."},
        {"input": "Is a return free of charge?", "output": "Aye, sailor! Returns are free for 30 days."},
    ] * 5
"""


@pytest.mark.parametrize(
    ("code", "outcome", "says"),
    [
        ("    raise NotImplementedError('task 3.2')", Outcome.NOT_ATTEMPTED, "not written yet"),
        ("    return []", Outcome.FAILED, "saved nothing"),
        ("    raise KeyError('validation')", Outcome.ERRORED, "KeyError"),
        ("    os._exit(0)", Outcome.FAILED, "did not leave an adapter"),
        ("    (out / 'adapter_model.bin').write_bytes(b'x')", Outcome.FAILED, "pickle"),
        ("    (out / 'model.safetensors').write_bytes(b'x')", Outcome.FAILED, "full model"),
        ("    (out / 'adapter_model.safetensors').write_bytes(b'x')", Outcome.FAILED, "no adapter_config.json"),
        ("    (out / 'adapter_config.json').write_text('{}')", Outcome.FAILED, "no adapter_model.safetensors"),
        ("    (out / 'a').mkdir(); (out / 'a/adapter_model.safetensors').write_bytes(b'x')", Outcome.FAILED, "itself"),
        ("    os.symlink('/etc/passwd', out / 'adapter_config.json')", Outcome.FAILED, "did not leave an adapter"),
        ("    raise MemoryError('cannot allocate memory')", Outcome.ERRORED, "MemoryError"),
    ],
)  # fmt: skip
def test_a_run_without_an_adapter_is_told_in_one_sentence(grade: Grade, code: str, outcome: Outcome, says: str) -> None:
    result = grade(HEAD + code)
    assert result.outcome is outcome
    assert says in result.message
    assert "\n" not in result.message
    assert result.measurements == {}


def test_running_out_of_memory_is_named_with_its_cure(grade: Grade) -> None:
    result = grade(HEAD + "    raise RuntimeError('CUDA out of memory. Tried to allocate 20 MiB')")
    assert [pitfall.code for pitfall in result.pitfalls] == ["out_of_memory"]


def test_a_run_that_never_ends_is_stopped(warm_server: Server, lab: Lab, tiny: ModelChoice, submission: Submit) -> None:
    limits = lab.spec.limits.model_copy(update={"train_s": 1.0})
    hasty = type(lab)(lab.spec.model_copy(update={"limits": limits}), lab.folder, lab.solutions)
    result = train_and_judge(warm_server, submission(HEAD + "    while True: pass"), hasty, tiny, 3, lambda line: None)
    assert result.outcome is Outcome.TIMED_OUT
    assert "stopped" in result.message


def test_an_adapter_full_of_nan_is_refused_as_diverged(grade: Grade, plain_lora: str) -> None:
    broken = plain_lora.replace("    model.save", "    weights[1].data.fill_(float('nan'))\n    model.save")
    result = grade(broken)
    assert result.outcome is Outcome.FAILED
    assert "NaN" in result.message
    assert [pitfall.code for pitfall in result.pitfalls] == ["poor_convergence"]


def test_a_head_smuggled_into_the_adapter_is_refused(grade: Grade, plain_lora: str) -> None:
    """A23: peft would load it over the base's own head without a word."""
    smuggled = plain_lora.replace("target_modules=", "modules_to_save=['lm_head'], target_modules=")
    result = grade(smuggled)
    assert result.outcome is Outcome.FAILED
    assert "modules_to_save" in result.message


def test_a_log_that_boasts_changes_no_point(grade: Grade, plain_lora: str) -> None:
    honest = grade(plain_lora)
    boast = "[{'step': 10**9, 'loss': float('-inf'), 'style_adoption': 1.0, 'note': '<script>'}]"
    boasting = grade(plain_lora.replace("return log", f"return {boast}"))
    assert {k: m.points for k, m in boasting.measurements.items()} == {
        k: m.points for k, m in honest.measurements.items()
    }
    assert boasting.history == [{"step": 1e9, "loss": None}]


@pytest.mark.parametrize("claim", ["None", "42", "'done'", "object()", "[[]]"])
def test_a_log_of_another_kind_is_no_log_and_the_adapter_still_counts(
    grade: Grade, plain_lora: str, claim: str
) -> None:
    result = grade(plain_lora.replace("return log", f"return {claim}").replace("1, 3, 0", "1, 1, 0"))
    assert result.outcome is Outcome.PASSED
    assert result.history == []


def test_the_training_code_sees_neither_held_out_data_nor_the_seed(grade: Grade) -> None:
    """A28: what it is given, and what it can read, holds no held-out question and no seed of the run."""
    spy = (
        HEAD
        + """
    import gc
    seen = [text for text in gc.get_objects() if isinstance(text, str)]
    for folder in Path(__file__).resolve().parents:
        try:
            hits = list(folder.glob("solutions/week07/heldout/*"))
        except OSError:
            continue
        if any(_readable(hit) for hit in hits):
            raise RuntimeError("read " + str(hits[0]))
    raise KeyError(seed)

def _readable(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False
"""
    )
    result = grade(spy, seed=3)
    assert "KeyError" in result.message
    assert "read " not in result.message
    assert not result.message.endswith(" 3")
