"""A campaign over real runs: what it makes, what it keeps, and what a wrong adapter comes to."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from grader.calibrate import run_calibration
from grader.calibrate.campaign import ELSEWHERE
from grader.calibrate.records import RIGHT, Run, read
from grader.lab.folders import PROJECT

CHAFF = "training-too-few-steps.toml"
SEEDS = 3


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Week 07 with one chaff, in a project of its own: its bands may be overwritten."""
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week07", tmp_path / side / "week07")
    (tmp_path / "samples" / "chaffs").mkdir(parents=True)
    shutil.copyfile(PROJECT / "fixtures/submissions/chaffs" / CHAFF, tmp_path / "samples" / "chaffs" / CHAFF)
    (tmp_path / "solutions/week07/selftest.toml").write_text('samples = "samples"\n')
    for path in (tmp_path / "solutions/week07/calibration").glob("*.jsonl"):
        path.unlink()
    return tmp_path / "labs" / "week07"


def calibrate(lab: Path) -> tuple[list[Run], str]:
    console = Console(width=120, record=True)
    run_calibration(str(lab), "tiny-gpt2", "cpu", SEEDS, None, console)
    return read(lab.parents[1] / "solutions/week07/calibration/tiny-gpt2.jsonl"), console.export_text()


def test_an_adapter_made_elsewhere_does_not_know_this_runs_secret_and_nothing_is_run_twice(lab: Path) -> None:
    """A hostile submission brings a good adapter from home; it must show as one, in calibration as in grading."""
    runs, said = calibrate(lab)
    assert {(run.sample, run.kind): 0 for run in runs} == {
        ("reference", RIGHT): 0,
        (ELSEWHERE, "nonce_gain"): 0,
        ("chaffs/training-too-few-steps", "style_adoption"): 0,
    }
    assert len(runs) == 3 * SEEDS
    own = min(run.values["nonce_gain"] for run in runs if run.kind == RIGHT)
    assert max(run.values["nonce_gain"] for run in runs if run.sample == ELSEWHERE) < own
    assert "Of 3 runs of right submissions 0 lost a point" in said
    assert calibrate(lab)[0] == runs
