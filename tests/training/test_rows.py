"""The rows of a run: drawn from the seed, unforeseeable without it, held-out data left out."""

import msgspec
import pytest

from grader.errors import LabError
from grader.lab import Lab
from grader.training.heldout import Heldout, load_heldout
from grader.training.models import ModelChoice
from grader.training.rows import VALIDATION_ROWS, VOICE_ROWS, draw_rows


@pytest.fixture
def heldout(lab: Lab, tiny: ModelChoice) -> Heldout:
    """Week 07's held-out data as the bundled model uses it."""
    return load_heldout(lab, tiny.profile)


def test_a_run_trains_on_fourteen_rows_of_the_voice_and_six_nonce_rows(heldout: Heldout) -> None:
    rows = draw_rows(heldout, 7)
    pool = {heldout.pool[index] for index in rows.voice}
    assert len(rows.train) == 20
    assert len(pool) == VOICE_ROWS
    assert len([row for row in rows.train if row not in pool]) == 6
    assert len(rows.validation) == VALIDATION_ROWS


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(heldout: Heldout) -> None:
    assert draw_rows(heldout, 7) == draw_rows(heldout, 7)
    codes = {draw_rows(heldout, seed).nonce[0].code for seed in range(50)}
    assert len(codes) > 45


def test_nothing_that_the_judge_asks_about_is_trained_on_or_shown(heldout: Heldout) -> None:
    rows = draw_rows(heldout, 7)
    shown = {row.input for row in [*rows.train, *rows.validation]}
    assert not shown & {question.input for question in heldout.questions}
    assert not shown & {row.input for row in rows.nonce}
    assert not {row.input for row in rows.train} & {row.input for row in rows.validation}


def test_the_codes_of_other_runs_are_none_that_this_run_shows(heldout: Heldout) -> None:
    rows = draw_rows(heldout, 7)
    shown = " ".join(row.output for row in rows.train)
    for probe in rows.nonce:
        assert probe.code in shown
        assert len(probe.others) == len(set(probe.others)) > 1
        assert not any(other in shown for other in probe.others)
        assert {len(other.split()) for other in probe.others} == {len(probe.code.split())}


def test_fine_tune_is_given_another_seed_than_the_run_itself(heldout: Heldout) -> None:
    assert all(draw_rows(heldout, seed).student_seed != seed for seed in range(100))


def test_a_pool_that_is_too_small_is_the_labs_mistake(heldout: Heldout) -> None:
    small = msgspec.structs.replace(heldout, pool=heldout.pool[:10])
    with pytest.raises(LabError, match=r"train\.jsonl"):
        draw_rows(small, 1)


def test_a_template_without_the_code_is_the_labs_mistake(heldout: Heldout) -> None:
    row = msgspec.structs.replace(heldout.nonce.heldout[0], output="Ahoy!")
    nonce = msgspec.structs.replace(heldout.nonce, heldout=[row])
    with pytest.raises(LabError, match=r"nonce\.toml"):
        draw_rows(msgspec.structs.replace(heldout, nonce=nonce), 1)
