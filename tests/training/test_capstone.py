"""A person's own project in the same run, judge and report; what its files, and a submission that knows them, try."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.errors import SubmissionError, UsageError
from grader.experiment.data import GROWTH
from grader.lab import Lab
from grader.lab.folders import PROJECT
from grader.results import Outcome, TrainingResult
from grader.training import train_and_judge
from grader.training.fit import check_fit
from grader.training.heldout import Heldout, Pair, load_heldout
from grader.training.models import ModelChoice
from grader.training.project import MOST_ROWS, Project, read_project, rows_of_a_run
from grader.training.rows import draw_rows
from grader.worker import Server
from tests.cli.test_cli import complaint, grader

Submit = Callable[[str], Path]
Grade = Callable[[str], TrainingResult]
PAIRS, VOICE = GROWTH / "pairs.jsonl", GROWTH / "voice.toml"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Forty pairs of a voice that is not the lab's."""
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(PAIRS.read_text(encoding="utf-8").splitlines(keepends=True)[:40]), encoding="utf-8")
    return path


@pytest.fixture
def project(mine: Path) -> Project:
    found = read_project(mine, VOICE)
    assert found
    return found


@pytest.fixture
def heldout(lab: Lab, tiny: ModelChoice, project: Project) -> Heldout:
    return project.put_into(load_heldout(lab, tiny.profile))


@pytest.fixture
def grade(warm_server: Server, lab: Lab, tiny: ModelChoice, submission: Submit, project: Project) -> Grade:
    """Grade a training.py given as text on the project."""

    def run(code: str) -> TrainingResult:
        return train_and_judge(warm_server, submission(code), lab, tiny, 3, lambda line: None, project)

    return run


def test_a_project_takes_the_place_of_the_hidden_voice_and_of_nothing_else(
    heldout: Heldout, lab: Lab, tiny: ModelChoice, project: Project
) -> None:
    hidden = load_heldout(lab, tiny.profile)
    assert heldout.general == hidden.general
    assert (heldout.nonce.product, heldout.nonce.code) == (hidden.nonce.product, hidden.nonce.code)
    assert heldout.voice.markers == ["neighbour", "the kettle is on"]
    asked = {question.input for question in heldout.questions}
    assert (len(asked), len(heldout.pool)) == (8, 32)
    assert not asked & {pair.input for pair in heldout.pool}
    assert all(question.keywords for question in heldout.questions)
    rows = draw_rows(heldout, 1, rows_of_a_run(heldout))
    assert (len(rows.train), len(rows.validation)) == (28 + 6, 4)
    told = " ".join(f"{pair.input} {pair.output}" for pair in [*rows.train, *rows.validation, *project.pairs])
    assert not any(marker in told for marker in hidden.voice.markers if marker != "aye")
    assert rows.nonce[0].code not in " ".join(pair.output for pair in project.pairs)


def test_of_many_pairs_a_run_takes_no_more_than_its_time_allows(heldout: Heldout) -> None:
    many = [Pair(f"q{number}", "a") for number in range(1000)]
    assert rows_of_a_run(msgspec.structs.replace(heldout, pool=many)) == MOST_ROWS


def test_the_report_is_on_the_projects_own_questions_and_says_so(
    grade: Grade, plain_lora: str, project: Project
) -> None:
    result = grade(plain_lora.replace("5e-4, 1, 3, 0", "1e-3, 1, 8, 0"))
    assert result.outcome is Outcome.PASSED
    assert "your own pairs" in result.message
    assert result.markers == project.voice.markers
    assert {sample.instruction for sample in result.samples} <= {pair.input for pair in project.pairs}
    style = result.measurements["style_adoption"]
    assert style.base == 0
    assert (style.tuned or 0) > 0.5
    assert result.measurements["nonce_gain"].points == result.measurements["nonce_gain"].max_points


def test_who_knows_the_pairs_still_knows_nothing_of_this_runs_secret_rows(
    grade: Grade, plain_lora: str, project: Project
) -> None:
    """A27: the pairs are no secret here, so a submission can bring an adapter, or train on its own copy of them."""
    own = json.dumps([{"input": pair.input, "output": pair.output} for pair in project.pairs])
    cheat = plain_lora.replace("    torch.manual_seed(seed)", f"    train_pairs = {own}\n    torch.manual_seed(seed)")
    result = grade(cheat.replace("5e-4, 1, 3, 0", "1e-3, 1, 8, 0"))
    assert (result.measurements["style_adoption"].tuned or 0) > 0.5
    earned = sum(result.measurements[name].points or 0.0 for name in ("nonce_gain", "style_adoption", "heldout_loss"))
    assert earned <= 4


def test_the_training_code_is_not_given_the_questions(grade: Grade, heldout: Heldout) -> None:
    result = grade(
        "def fine_tune(model_path, train_pairs, validation_pairs, output_dir, *, seed=0):\n"
        "    raise KeyError(' '.join(pair['input'] for pair in train_pairs + validation_pairs))\n"
    )
    assert result.outcome is Outcome.ERRORED
    assert "part code" in result.message
    assert not any(question.input in result.message for question in heldout.questions)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"input": "q", "output": "a"}] * 30, "1 different inputs; write 20 or more"),
        ([{"input": f"q{number}", "output": "a"} for number in range(19)], "19 different inputs"),
        ([{"input": f"q{number}", "output": "a" * (number < 25)} for number in range(30)], "line 26"),
    ],
)
def test_pairs_that_are_too_few_or_broken_are_told_in_one_sentence(
    tmp_path: Path, rows: list[dict[str, str]], told: str
) -> None:
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(SubmissionError) as caught:
        read_project(path, VOICE)
    assert told in str(caught.value)


def test_a_pair_that_the_model_cannot_take_is_told_before_the_judge_would_break(tiny: ModelChoice) -> None:
    good = [Pair("q", "word " * 100)]
    check_fit(good, "mine.jsonl", tiny)
    for pair in (Pair("word " * 300, "a"), Pair("q", "word " * 300), Pair("q" * 100_000, "a")):
        with pytest.raises(SubmissionError, match=r"pair 2 .* takes 216 for a pair"):
            check_fit([*good, pair], "mine.jsonl", tiny)


def test_one_of_the_two_files_alone_is_no_project() -> None:
    assert read_project(None, None) is None
    with pytest.raises(UsageError, match="go together"):
        read_project(PAIRS, None)
    with pytest.raises(UsageError, match="go together"):
        read_project(None, VOICE)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--data", str(PAIRS)], "go together"),
        (["--data", "nowhere.jsonl", "--voice", str(VOICE)], "nowhere.jsonl"),
        (["--data", str(PAIRS), "--voice", str(PAIRS)], "is no voice"),
        (["--data", str(PAIRS), "--voice", str(VOICE), "--lab", "week00"], "has no training run"),
    ],
)
def test_a_mistake_in_the_command_ends_with_2_and_one_sentence(args: list[str], told: str) -> None:
    path = "solutions/week00" if "week00" in args else "solutions/week07"
    ended = grader("grade", str(PROJECT / path), *args, "--model", "tiny-gpt2", COLUMNS="200")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in complaint(ended)
