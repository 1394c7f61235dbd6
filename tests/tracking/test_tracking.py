"""A run that is tracked is there to be read back, by the trackers' own readers; a hostile log breaks neither."""

import importlib.util
import json
import math
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from grader.errors import UsageError
from grader.lab.folders import PROJECT
from grader.render.html import render_report
from grader.results import Measure, Outcome, Plain, Result, TrainingResult, decode
from grader.tracking import TRACKERS, find_tracker, track
from grader.tracking.scalars import read_scalars

SAMPLE = decode((PROJECT / "reports/sample/result.json").read_bytes())
LOG: list[dict[str, Plain]] = [
    {"step": 20, "epoch": 1.0, "loss": 3.5, "learning_rate": 2e-4},
    {"step": 20, "epoch": 1.0, "eval_loss": 3.25},
    {"step": 40, "epoch": 2.0, "loss": 2.5},
]
BLOCK = 32768  # bytes of a block in LevelDB's log format
MEASURES = {"heldout_loss": Measure(title="Held-out loss", value=0.8, base=3.75, tuned=3.0)}


def trained(log: list[dict[str, Plain]], measures: dict[str, Measure] = MEASURES) -> TrainingResult:
    return TrainingResult(
        model="tiny-gpt2",
        device="cpu",
        why_this_model="asked for",
        seconds=1.0,
        outcome=Outcome.PASSED,
        history=log,
        measurements=measures,
    )


def graded(log: list[dict[str, Plain]]) -> Result:
    return msgspec.structs.replace(SAMPLE, training=trained(log))


@pytest.fixture(params=sorted(TRACKERS))
def tracker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Each tracker that is installed, in an environment that would send runs away."""
    name: str = request.param
    if not importlib.util.find_spec(name):
        pytest.skip(f"{name} is not installed")
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    for place in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(place, str(tmp_path / place))
    return name


def records_of(content: bytes) -> Iterator[bytes]:
    """Yield the records of a .wandb file: LevelDB's log format behind seven bytes of its own."""
    at, record = 7, b""
    while at < len(content):
        if BLOCK - at % BLOCK < 7:  # a block's last bytes, too few for a header
            at += BLOCK - at % BLOCK
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        record += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a whole record, or the last piece of one
            yield record
            record = b""


def read_back(folder: Path) -> Iterator[tuple[int, str, float]]:
    """Yield step, name and value of each number of a run, as the tracker's own reader finds them."""
    if any(folder.glob("events.*")):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(folder))
        events.Reload()
        yield from ((e.step, tag, e.value) for tag in events.Tags()["scalars"] for e in events.Scalars(tag))
    else:
        from wandb.proto.wandb_internal_pb2 import Record

        for data in records_of(next(folder.glob("*.wandb")).read_bytes()):
            record = Record.FromString(data)
            items = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            yield from ((items["_step"], name, value) for name, value in items.items() if not name.startswith("_"))


@pytest.mark.filterwarnings("ignore")
def test_a_run_is_there_to_be_read_back(tracker: str, tmp_path: Path) -> None:
    tracked = track(graded(LOG), tmp_path, tracker)
    assert tracked
    found = {(step, name): value for step, name, value in read_back(tmp_path / tracked.folder)}
    assert found[20, "claimed/train_loss"] == pytest.approx(3.5)
    assert found[20, "claimed/eval_loss"] == pytest.approx(3.25)
    assert found[40, "claimed/train_loss"] == pytest.approx(2.5)
    assert found[40, "judge/heldout_loss/tuned"] == pytest.approx(3.0)
    assert len([key for key in found if key[1].startswith("judge/")]) == 3


@pytest.mark.filterwarnings("ignore")
def test_a_second_run_lies_beside_the_first(tracker: str, tmp_path: Path) -> None:
    first = track(graded(LOG), tmp_path, tracker)
    second = track(msgspec.structs.replace(graded(LOG), seed=99), tmp_path, tracker)
    assert first
    assert second
    assert first.folder != second.folder
    assert (tmp_path / first.folder).is_dir()


@pytest.mark.filterwarnings("ignore")
def test_the_report_links_the_run_and_says_how_to_see_it(tracker: str, tmp_path: Path) -> None:
    result = graded(LOG)
    tracked = track(result, tmp_path, tracker)
    assert tracked
    page = render_report(result, tracked=tracked)
    assert f'href="{tracked.folder}/"' in page
    assert f"{tracked.program} {tracked.shown}" in page
    assert str(tmp_path) not in page
    assert "href" not in render_report(result).partition('id="training"')[2].partition("</section>")[0]


@pytest.mark.filterwarnings("ignore")
def test_nothing_of_this_machine_and_nothing_of_a_key_is_kept(tracker: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tracked = track(graded(LOG), out, tracker)
    assert tracked
    files = [path for path in (out / tracked.folder).rglob("*") if path.is_file() and path.suffix != ".log"]
    kept = b"".join(path.read_bytes() for path in files)
    assert files
    for private in ("0" * 40, str(PROJECT), sys.executable, platform.release()):
        assert private.encode() not in kept


HOSTILE: list[dict[str, Plain]] = [
    {"step": -1, "loss": 1.0},
    {"step": 1e300, "loss": 1.0},
    {"step": None, "loss": 1.0},
    {"step": True, "loss": 1.0},
    {"step": "9", "loss": 1.0},
    {"loss": 1.0},
    {"step": 3, "loss": "<script>", "judge/heldout_loss/tuned": 0.0, "eval_loss": None},
    {"step": 3, "loss": math.inf},
]


def test_a_hostile_log_adds_no_number_and_no_name_of_its_own() -> None:
    assert read_scalars(trained(HOSTILE, {})) == []
    names = [name for _, values in read_scalars(trained(HOSTILE)) for name in values]
    assert names == ["judge/heldout_loss/base", "judge/heldout_loss/tuned", "judge/heldout_loss/value"]


def test_without_a_training_run_nothing_is_written(tmp_path: Path) -> None:
    assert track(msgspec.structs.replace(SAMPLE, training=None), tmp_path, "tensorboard") is None
    assert list(tmp_path.iterdir()) == []


def test_the_default_is_tensorboard_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.tracking.tracker.find_spec", lambda name: name == "tensorboard")
    assert find_tracker("auto") == "tensorboard"
    assert find_tracker("none") is None
    with pytest.raises(UsageError, match="--track wandb: it is not installed here"):
        find_tracker("wandb")
    monkeypatch.setattr("grader.tracking.tracker.find_spec", lambda name: None)
    assert find_tracker("auto") is None


def test_the_command_refuses_another_tracker_before_anything_starts() -> None:
    command = [sys.executable, "-m", "grader", "grade", "solutions/week07", "--track", "notebook"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "'notebook' is not one of" in " ".join(ended.stderr.split())
