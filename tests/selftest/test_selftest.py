"""The selftest tells a grader that is right from one that is not: on the warm-up lab, with samples made for it."""

import dataclasses
import shutil
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from grader.errors import LabError
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import Outcome
from grader.selftest.command import Choice, selftest_lab
from grader.selftest.markdown import render_markdown
from grader.selftest.page import render_selftest
from grader.selftest.plan import choose_samples, load_plan
from grader.selftest.rates import Rate, rates
from grader.selftest.records import Selftest, Trial
from grader.selftest.run import Settings, run_selftest

SETTINGS = Settings(model="auto", device="cpu", seeds=[1], jobs=2)
TRIALS = "kept/trials.jsonl"
EVERYTHING = Choice(kinds=[], patterns=[], fast=False)


def change(old: str, new: str) -> str:
    return f"\n[[change]]\nfile = 'warmup.py'\nold = '''{old}'''\nnew = '''{new}'''\n"


def chaff(check: str, hint: str, old: str, new: str) -> str:
    return f"wrong = 'a mistake'\ncheck = '{check}'\nhint = '{hint}'\n{change(old, new)}"


SAMPLES = {
    "right/other-words/PATCH.toml": f"way = 'another sum'\n{change('fsum(losses)', 'sum(losses)')}",
    "chaffs/sum.toml": chaff("warmup.mean_of_a_few_losses", "This is the sum", " / len(losses)", ""),
    "chaffs/rounds-down.toml": chaff(
        "warmup.every_example_has_its_step",
        "rounds down",
        "-(-num_examples // batch_size)",
        "num_examples // batch_size",
    ),
    "wrong/gone/PATCH.toml": "remove = ['warmup.py']\nloses = ['warmup.']\nhint = 'warmup'\n",
    "hostile/prints/PATCH.toml": (
        "tries = 'to print'\ntouches = ['warmup']\n\n[append]\n'warmup.py' = '''\n\nprint('5 passed')\n'''\n"
    ),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """The warm-up lab, with samples of each kind beside it."""
    for side in ("labs", "solutions"):
        shutil.copytree(PROJECT / side / "week00", tmp_path / side / "week00")
    (tmp_path / "solutions/week00/selftest.toml").write_text('samples = "samples"\nquick = ["chaffs/sum"]\n')
    for name, text in SAMPLES.items():
        write(tmp_path, name, text)
    return find_lab(str(tmp_path / "labs" / "week00"))


def write(root: Path, name: str, text: str) -> None:
    path = root / "samples" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def tried(lab: Lab, *patterns: str) -> Selftest:
    plan, samples = load_plan(lab)
    names = choose_samples(plan, samples, [], list(patterns), fast=False)
    return run_selftest(lab, samples, names, SETTINGS, lab.folder.parents[1] / TRIALS, lambda message: None)


def test_every_sample_gets_what_it_must_and_is_written_down(lab: Lab, tmp_path: Path) -> None:
    console = Console(width=120, record=True)
    (tmp_path / "samples/wrong/gone/PATCH.toml").unlink()
    (tmp_path / "samples/wrong/gone").rmdir()
    assert selftest_lab(str(lab.folder), EVERYTHING, SETTINGS, tmp_path / "out", console) == 0
    said = console.export_text()
    assert "2 of 2 mistakes found by the check that is about them" in said
    assert "2 of 2 right submissions with full marks" in said
    assert "1 of 1 hostile submissions that gained nothing" in said
    written = msgspec.json.decode((tmp_path / "out/week00/selftest.json").read_bytes(), type=Selftest)
    assert [trial.name for trial in written.trials] == [
        "reference",
        "right/other-words",
        "chaffs/rounds-down",
        "chaffs/sum",
        "hostile/prints",
    ]
    assert "rounds-down" in (tmp_path / "out/week00/selftest.html").read_text()
    table = (tmp_path / "out/week00/selftest.md").read_text()
    assert "| sum | a mistake | ` warmup.mean_of_a_few_losses `" in table
    assert "| reference |  | yes |" in table


def test_each_sample_is_tried_with_each_seed_and_counted_once(lab: Lab, tmp_path: Path) -> None:
    _, samples = load_plan(lab)
    names, said = ["reference", "chaffs/sum"], list[str]()
    settings = dataclasses.replace(SETTINGS, seeds=[3, 1, 2])
    selftest = run_selftest(lab, samples, names, settings, tmp_path / TRIALS, said.append)
    wanted = [(seed, name) for seed in (3, 1, 2) for name in names]
    assert [(trial.seed, trial.name) for trial in selftest.trials] == wanted
    assert [line.partition(":")[0] for line in said] == [f"{number} of 6" for number in range(1, 7)]


def test_a_mistake_that_no_check_finds_is_reported(lab: Lab, tmp_path: Path) -> None:
    text = chaff("warmup.mean_of_nothing_is_refused", "", "fsum(losses)", "sum(losses)")
    write(tmp_path, "chaffs/harmless.toml", text)
    [trial] = tried(lab, "harmless").trials
    assert trial.complaint == "warmup.mean_of_nothing_is_refused does not find the mistake."


def test_a_hint_about_something_else_is_counted_as_none(lab: Lab, tmp_path: Path) -> None:
    text = chaff("warmup.mean_of_a_few_losses", "the learning rate", " / len(losses)", "")
    write(tmp_path, "chaffs/sum.toml", text)
    selftest = tried(lab, "chaffs/sum")
    assert selftest.failed == []
    assert [rate.hits for rate in rates(selftest.trials)] == [1, 0]


def test_a_right_sample_that_loses_a_point_is_reported(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.folder, tmp_path / "samples/right/stubs")
    [trial] = tried(lab, "right/stubs").trials
    assert "every_example_has_its_step" in trial.complaint


def test_a_hostile_sample_that_gains_is_reported(lab: Lab, tmp_path: Path) -> None:
    """Here the attack is a right answer laid over an untouched stub: it earns, and does not say so."""
    shutil.copytree(lab.folder, tmp_path / "samples/right/stubs")
    write(tmp_path, "hostile/gains/PATCH.toml", "base = 'right/stubs'\ntouches = ['warmup']\n")
    assert lab.solutions is not None
    shutil.copyfile(lab.solutions / "warmup.py", tmp_path / "samples/hostile/gains/warmup.py")
    [trial] = tried(lab, "hostile/gains").trials
    assert trial.complaint.startswith("It gained warmup.every_example_has_its_step")


def test_a_sample_that_intake_refuses_must_say_so(lab: Lab, tmp_path: Path) -> None:
    [trial] = tried(lab, "wrong/gone").trials
    assert trial.complaint.startswith("Intake refused it")
    text = SAMPLES["wrong/gone/PATCH.toml"] + "refused = true\n"
    write(tmp_path, "wrong/gone/PATCH.toml", text)
    assert tried(lab, "wrong/gone").failed == []


def test_a_selftest_goes_on_where_it_was_stopped_and_tries_again_only_what_has_changed(
    lab: Lab, tmp_path: Path
) -> None:
    path = tmp_path / TRIALS
    first = tried(lab, "chaffs/*")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:40])
    assert tried(lab, "chaffs/*").failed == first.failed == []
    assert path.read_bytes().startswith(lines[0])
    write(tmp_path, "chaffs/sum.toml", chaff("warmup.mean_of_a_few_losses", "", " / len(losses)", " * 2"))
    assert {trial.name for trial in tried(lab, "chaffs/*").trials} == {"chaffs/rounds-down", "chaffs/sum"}
    assert path.read_bytes().count(b"chaffs/rounds-down") == 1
    assert path.read_bytes().count(b"chaffs/sum") == 2


def test_what_failed_does_not_pass_by_being_tried_again(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.folder, tmp_path / "samples/right/stubs")
    assert tried(lab, "right/stubs").failed == tried(lab, "right/stubs").failed
    assert (tmp_path / TRIALS).read_bytes().count(b"\n") == 1


def test_a_damaged_file_of_trials_says_how_to_begin_anew(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / TRIALS).write_bytes(b"nonsense\n")
    with pytest.raises(LabError, match=r"trials\.jsonl.*tried anew"):
        tried(lab, "chaffs/*")


def test_only_the_chaffs_task_and_only_the_quick_samples_are_tried(lab: Lab) -> None:
    plan, samples = load_plan(lab)
    assert choose_samples(plan, samples, [], [], fast=True) == ["chaffs/sum"]
    assert choose_samples(plan, samples, ["right", "hostile"], [], fast=False) == [
        "reference",
        "right/other-words",
        "hostile/prints",
    ]
    with pytest.raises(LabError, match="No sample"):
        choose_samples(plan, samples, ["wrong"], ["sum"], fast=False)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("chaffs/sum.toml", "wrong = [", "sum.toml"),
        ("chaffs/sum.toml", "wrnog = 'x'", "wrnog"),
        ("chaffs/sum.toml", "wrong = 'x'\ncheck = 'warmup.nothing'", "warmup.nothing"),
        ("chaffs/sum.toml", chaff("warmup.mean_of_a_few_losses", "", "not there", ""), "must be there once"),
        ("hostile/prints/PATCH.toml", "touches = ['cooldown']", "cooldown"),
        ("right/other-words/PATCH.toml", "base = 'right/nobody'", "no sample right/nobody"),
    ],
)
def test_a_damaged_sample_is_told_with_its_place(lab: Lab, tmp_path: Path, name: str, text: str, told: str) -> None:
    write(tmp_path, name, text)
    with pytest.raises(LabError, match=told):
        tried(lab, str(Path(name).with_suffix("")).removesuffix("/PATCH"))


def test_a_lab_without_a_plan_says_what_is_missing(lab: Lab) -> None:
    assert lab.solutions is not None
    (lab.solutions / "selftest.toml").unlink()
    with pytest.raises(LabError, match=r"selftest\.toml is missing"):
        load_plan(lab)


def test_an_interval_says_what_few_trials_cannot() -> None:
    few, many = Rate("", 15, 15), Rate("", 300, 300)
    assert few.high == pytest.approx(1)
    assert 0.79 < few.low < 0.80 < 0.98 < many.low
    half = Rate("", 5, 10)
    assert half.low == pytest.approx(0.2366, abs=1e-4)  # worked out by hand
    assert half.high == pytest.approx(0.7634, abs=1e-4)


def test_what_samples_are_called_stays_text_on_every_page() -> None:
    trial = Trial(
        name="chaffs/<script>",
        kind="chaffs",
        seed=1,
        level="<s>",
        about="<b>",
        checks={"warmup.x": Outcome.PASSED},
        complaint="<i>",
    )
    selftest = Selftest(
        lab="week00",
        title="<u>",
        model="",
        checks=["warmup.x"],
        trials=[trial],
    )
    for page in (render_selftest(selftest), render_markdown(selftest)):
        assert not [tag for tag in ("<script>", "<b>", "<i>", "<u>", "<s>") if tag in page]
