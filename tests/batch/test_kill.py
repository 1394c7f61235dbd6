"""SIGKILL at any moment: no process, no scratch, no damaged result; and the next run goes on as if nothing had been."""

import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.classroom import RIGHT, STUB, SUMS
from tests.batch.killing import Victim

VARIANTS = (
    RIGHT,
    SUMS,
    STUB,
    "def broken(:\n",
    RIGHT.replace("if not losses:", "if False:"),
    "raise SystemExit(0)\n",
    RIGHT + "\n\nimport sys\nsys.stdout.write('noise' * 10000)\n",
)


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name: a socket's path has 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="kill-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def make_victim(root: Path, number: int) -> Victim:
    """Return a batch over so many submissions, of each kind some."""
    folder = root / "class"
    for index in range(number):
        (folder / f"student-{index:02}").mkdir(parents=True)
        (folder / f"student-{index:02}" / "warmup.py").write_text(f"{VARIANTS[index % len(VARIANTS)]}\n# {index}\n")
    return Victim(folder, root / "out", root / "tmp")


def undisturbed(victim: Victim, root: Path) -> tuple[dict[str, object], float]:
    """Return the results of the same class graded in one go, and the seconds that it took."""
    began = time.monotonic()
    calm = Victim(victim.folder, root / "calm", root / "tmp")
    assert calm.finish() == 0
    return calm.results(), time.monotonic() - began


def kill_often(victim: Victim, times: int, seconds: float, expected: dict[str, object]) -> int:
    """Kill it so many times at random moments and look each time at what is left; return how often it began anew.

    A class that came to its end has its results compared, and is graded from the beginning again.
    """
    moments, hit, rounds = random.Random(times), 0, 0
    while hit < times:
        hit += victim.kill_after(moments.uniform(0.05, seconds))
        victim.assert_nothing_is_left()
        if (results := victim.results()).keys() == expected.keys():
            assert results == expected
            shutil.rmtree(victim.out)
            rounds += 1
    return rounds


def test_a_few_kills_leave_nothing_and_change_nothing(short: Path) -> None:
    victim = make_victim(short, 4)
    expected, seconds = undisturbed(victim, short)
    kill_often(victim, 2, seconds, expected)
    assert victim.finish() == 0
    assert victim.results() == expected
    victim.assert_nothing_is_left()


def test_an_interrupt_stops_in_order_and_says_how_to_go_on(short: Path) -> None:
    victim = make_victim(short, 4)
    (victim.folder / "student-99").mkdir()
    (victim.folder / "student-99" / "warmup.py").write_text("while True:\n    pass\n")  # never over
    process = victim.start()
    while not list(victim.out.glob("*/result.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == "Stopped. What was graded is kept; run the same command again to go on.\n"
    assert "The batch was stopped" in (victim.out / "index.html").read_text()
    victim.assert_nothing_is_left()


def test_a_schedulers_sigterm_is_an_interrupt(short: Path) -> None:
    victim = make_victim(short, 2)
    process = victim.start()
    while not (victim.out / ".journal" / "settings.json").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    victim.assert_nothing_is_left()


@pytest.mark.slow
def test_fifty_kills_at_random_moments_leave_nothing(short: Path) -> None:
    victim = make_victim(short, 20)
    expected, seconds = undisturbed(victim, short)
    rounds = kill_often(victim, 50, seconds, expected)
    assert victim.finish() == 0
    assert victim.results() == expected
    print(f"50 kills of a running batch of 20 in {seconds:.0f} s; {rounds} times it came to its end between them")


@pytest.mark.slow
def test_a_hundred_kills_over_a_batch_of_forty_change_no_result(short: Path) -> None:
    victim = make_victim(short, 40)
    expected, seconds = undisturbed(victim, short)
    rounds = kill_often(victim, 100, seconds / 2, expected)
    assert victim.finish() == 0
    assert victim.results() == expected
    print(f"100 kills of a running batch of 40 in {seconds:.0f} s; {rounds} times it came to its end between them")
