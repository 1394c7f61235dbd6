"""In process: what only a student's own machine has, breakpoints and captured prints."""

import gc
import signal
import sys
import threading

import pytest

from grader.worker import InProcess, TimedOut, WorkerLimits

from .conftest import MakeSource

SLOW = "import time\ndef f(seconds):\n    print('working')\n    time.sleep(seconds)\n    return 'done'"


@pytest.fixture
def transport(make_source: MakeSource) -> InProcess:
    return InProcess(make_source(formatting=SLOW), WorkerLimits())


def test_prints_are_pytests_to_capture(transport: InProcess, capsys: pytest.CaptureFixture[str]) -> None:
    transport.call("formatting", "f", [0], {}, seconds=5)
    assert capsys.readouterr().out == "working\n"
    assert transport.output == ""
    transport.close()


def test_nobody_is_interrupted_while_debugging(transport: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "gettrace", lambda: object())
    assert transport.call("formatting", "f", [0.3], {}, seconds=0.05) == "done"
    transport.close()


def test_the_alarm_is_put_back(transport: InProcess) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimedOut):
        transport.call("formatting", "f", [5], {}, seconds=0.05)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    transport.close()


def test_a_call_from_another_thread_works_without_an_alarm(transport: InProcess) -> None:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(transport.call("formatting", "f", [0], {}, seconds=1)))
    thread.start()
    thread.join()
    assert results == ["done"]
    transport.close()


def test_the_students_own_exception_is_the_cause(make_source: MakeSource) -> None:
    transport = InProcess(
        make_source(formatting="class Mine(ValueError): pass\ndef f(): raise Mine('x')"), WorkerLimits()
    )
    with pytest.raises(ValueError, match="x") as caught:
        transport.call("formatting", "f", [], {}, seconds=5)
    assert type(caught.value.__cause__).__name__ == "Mine"
    assert caught.traceback[-1].name == "f"
    transport.close()


def test_a_call_that_is_busy_importing_libraries_gets_more_time(make_source: MakeSource) -> None:
    importing = (
        "import sys, time, types\ndef f():\n    for n in range(30):\n        sys.modules[f'slow_library_{n}'] = "
        "types.ModuleType('x')\n    time.sleep(0.3)\n    return 'done'"
    )
    transport = InProcess(make_source(formatting=importing), WorkerLimits())
    try:
        assert transport.call("formatting", "f", [], {}, seconds=0.05) == "done"
        with pytest.raises(TimedOut):  # nothing new is imported the second time
            transport.call("formatting", "f", [], {}, seconds=0.05)
    finally:
        transport.close()
        for number in range(30):
            sys.modules.pop(f"slow_library_{number}", None)


def test_what_a_call_has_imported_is_not_looked_through_for_garbage_again(make_source: MakeSource) -> None:
    importing = (
        "import gc, sys, types\ndef f(count):\n    for n in range(count):\n        "
        "sys.modules[f'large_library_{n}'] = types.ModuleType('x')\n    return gc.isenabled()"
    )
    transport = InProcess(make_source(formatting=importing), WorkerLimits())
    frozen = gc.get_freeze_count()
    try:
        assert transport.call("formatting", "f", [0], {}, seconds=5) is False
        assert gc.get_freeze_count() == frozen  # a call that imports nothing leaves its garbage to be collected
        transport.call("formatting", "f", [30], {}, seconds=5)
        assert gc.get_freeze_count() > frozen
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        transport.close()
        for number in range(30):
            sys.modules.pop(f"large_library_{number}", None)
