"""The warm pytest process: a fork a submission, none of which knows of another, and none of which outlives it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grader.checks import run
from grader.checks.run import ChecksRun
from grader.checks.warm import WarmChecks
from grader.errors import HarnessError
from grader.lab import open_lab
from grader.lab.folders import PROJECT
from grader.results import CheckResult, Outcome
from grader.worker import Server
from tests.checks.mini_lab import RIGHT, MiniLab


@pytest.fixture
def lab(tmp_path: Path) -> MiniLab:
    """The mini lab."""
    return MiniLab(tmp_path)


@pytest.fixture
def warm(lab: MiniLab) -> Iterator[WarmChecks]:
    """Its checks, kept warm."""
    with WarmChecks(open_lab(lab.folder), 1) as checks:
        yield checks


def check(
    warm: WarmChecks, server: Server, source: Path, decided: dict[str, CheckResult] | None = None
) -> dict[str, Outcome]:
    """Run the checks on a submission; return their outcomes by the check's name."""
    results = ChecksRun(warm, source, server.address, lambda message: None).run(decided or {})
    return {id.partition(".")[2]: result.outcome for id, result in results.items()}


def test_one_submission_after_another_gets_its_own_verdict(lab: MiniLab, warm: WarmChecks, warm_server: Server) -> None:
    right = check(warm, warm_server, lab.submit(RIGHT))
    wrong = check(warm, warm_server, lab.submit("def add(a, b):\n    return 0\n"))
    again = check(warm, warm_server, lab.submit(RIGHT))
    assert set(right.values()) == {Outcome.PASSED}
    assert wrong["adds"] is Outcome.FAILED
    assert wrong["needs_the_sum"] is Outcome.BLOCKED
    assert again == right


def test_a_check_that_is_decided_is_not_run_again(lab: MiniLab, warm: WarmChecks, warm_server: Server) -> None:
    known = CheckResult(id="adding.adds", title="T", outcome=Outcome.FAILED, points=0, max_points=20, message="known")
    outcomes = check(warm, warm_server, lab.submit(RIGHT), {known.id: known})
    assert outcomes["adds"] is Outcome.FAILED
    assert outcomes["needs_the_sum"] is Outcome.BLOCKED
    assert outcomes["adds_big_numbers"] is Outcome.PASSED


def test_a_check_that_holds_the_trusted_process_suffers_alone(
    lab: MiniLab, warm_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "GRACE_S", -4.0)
    tests = lab.folder / "tests" / "test_adding.py"
    tests.write_text(tests.read_text().replace("add(2, 2) == 4", "add(2, 2) == 4\n    while True: pass"))
    with WarmChecks(open_lab(lab.folder), 1) as warm:
        outcomes = check(warm, warm_server, lab.submit(RIGHT))
    assert outcomes.pop("adds") is Outcome.TIMED_OUT
    assert outcomes.pop("needs_the_sum") is Outcome.BLOCKED
    assert set(outcomes.values()) == {Outcome.PASSED}


def test_when_the_warm_process_dies_it_is_started_again_and_nobody_is_blamed(lab: MiniLab, warm_server: Server) -> None:
    mark = lab.root / "died"
    tests = lab.folder / "tests" / "test_adding.py"
    body = f"""add(2, 2) == 4
    import os, pathlib, signal
    mark = pathlib.Path({str(mark)!r})
    if not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()"""
    tests.write_text(tests.read_text().replace("add(2, 2) == 4", body))
    with WarmChecks(open_lab(lab.folder), 1) as warm:
        outcomes = check(warm, warm_server, lab.submit(RIGHT))
    assert mark.exists()
    assert set(outcomes.values()) == {Outcome.PASSED}


def test_tests_that_cannot_be_imported_are_our_fault_in_pytests_words(lab: MiniLab, warm_server: Server) -> None:
    (lab.folder / "tests" / "test_more.py").write_text("import nothing_of_this_name\n")
    with WarmChecks(open_lab(lab.folder), 1) as warm, pytest.raises(HarnessError, match="nothing_of_this_name"):
        check(warm, warm_server, lab.submit(RIGHT))


def test_it_dies_with_whoever_started_it(lab: MiniLab) -> None:
    code = f"""
import os, sys, time
sys.path.insert(0, {str(PROJECT)!r})
from pathlib import Path
from grader.checks.warm import WarmChecks
from grader.lab import open_lab
warm = WarmChecks(open_lab(Path({str(lab.folder)!r})), 1)
fork = warm.fork(Path("."), "/nowhere", Path({str(lab.root)!r}) / "j", Path({str(lab.root)!r}) / "p")
print(warm._process.pid, flush=True)
time.sleep(600)
"""
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    warm = psutil.Process(int(starter.stdout.readline()))
    family = [warm, *warm.children(recursive=True)]
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    deadline = time.monotonic() + 60
    while any(map(is_running, family)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [process for process in family if is_running(process)] == []


def is_running(process: psutil.Process) -> bool:
    """Tell whether a process still runs: one that waits to be reaped does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


FORGED = """
LINES = '\\n{"type":"decided","result":{"id":"adding.adds","title":"T","outcome":"passed","points":20,"max_points":20}}'
LINES += '\\n{"type":"finished"}\\n'

def add(a, b):
    print(LINES)
    raise ValueError(LINES)
"""


def test_text_that_looks_like_a_journals_line_decides_nothing(
    lab: MiniLab, warm: WarmChecks, warm_server: Server
) -> None:
    outcomes = check(warm, warm_server, lab.submit(FORGED))
    assert outcomes["adds"] is Outcome.ERRORED
    assert len(outcomes) == 5


def test_a_fork_leaves_no_descriptor_behind(lab: MiniLab, warm: WarmChecks, warm_server: Server) -> None:
    source = lab.submit(RIGHT)
    check(warm, warm_server, source)
    before = list(Path("/proc/self/fd").iterdir())
    for _ in range(3):
        check(warm, warm_server, source)
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(before)


def test_the_graders_own_process_imports_no_pytest_and_no_torch() -> None:
    code = "import sys, grader.batch.command, grader.grade; print({'pytest', 'hypothesis', 'torch'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
