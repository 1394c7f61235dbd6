"""Thousands of hostile replies: whatever a worker sends becomes a plain value or a fault, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from tests.worker.frames import frames, receive

PROJECT = Path(__file__).parents[2]


@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), st.sampled_from([1, 7, 2**18]))
def test_a_hostile_reply_is_a_plain_value_or_a_fault(frame: bytes, step: int) -> None:
    receive(frame, step)


@pytest.mark.parametrize("end", ["returned", "raised", "NotAttempted", "TimedOut", "Died"])
def test_the_hostile_replies_reach_every_way_in_which_a_call_may_end(end: str) -> None:
    """`find` raises NoSuchExample where no frame of so many ends a call so."""
    long = settings(max_examples=20_000, phases=[Phase.generate], database=None, deadline=None)
    find(frames(), lambda frame: receive(frame) == end, settings=long)


@pytest.mark.slow
def test_a_hundred_thousand_frames_found_by_coverage_do_no_harm() -> None:
    pytest.importorskip("atheris", reason="atheris is not installed (group `fuzz`)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.worker.fuzz_wire", "-runs=100000"], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 100000 runs" in done.stderr
