"""Runs a long command that may be stopped and run again, and notes its memory as it goes."""

import signal
import statistics
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import msgspec
import psutil

from grader.lab.folders import PROJECT

PERIOD_S = 2.0
MIB = 2**20
BEGINNING = 0.1  # of a run: what is loaded at its start is no growth


class Reading(msgspec.Struct, frozen=True):
    """Seconds since the start of run `run`, and the MiB that the command's own process held in memory then."""

    run: int
    seconds: float
    rss_mib: float


class Memory(msgspec.Struct, frozen=True):
    """Of all runs together: their number and seconds, the peak in MiB, and the growth in MiB over the longest one."""

    runs: int
    seconds: float
    peak_mib: float
    growth_mib: float


def run_watched(command: Sequence[str], log: Path) -> int:
    """Run a command in the project, adding readings to `log` as they come; return its exit code.

    Ctrl-C and SIGTERM are passed on, and the command is waited for: it keeps what it has done.
    """
    run = 1 + max((reading.run for reading in read_log(log)), default=0)
    begun = time.monotonic()
    # In a group of its own, so that the terminal's Ctrl-C reaches it once, and through us.
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL, process_group=0)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _watch(process, run, begun, log)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)
    return process.wait()


def read_log(log: Path) -> list[Reading]:
    """Return all readings of all runs; a last line that broke off is left out."""
    readings = []
    with suppress(FileNotFoundError, msgspec.DecodeError):
        for line in log.read_bytes().splitlines():
            readings.append(msgspec.json.decode(line, type=Reading))
    return readings


def sum_up(readings: Sequence[Reading]) -> Memory:
    """Return what the readings of all runs come to. Growth is by a straight line through those of the longest."""
    runs = [[*group] for _, group in groupby(readings, key=lambda reading: reading.run)]
    longest = max(runs, key=lambda run: run[-1].seconds)
    steady = [reading for reading in longest if reading.seconds >= BEGINNING * longest[-1].seconds]
    growth = 0.0
    if len(steady) > 1:
        times = [reading.seconds for reading in steady]
        line = statistics.linear_regression(times, [reading.rss_mib for reading in steady])
        growth = line.slope * (times[-1] - times[0])
    return Memory(
        runs=len(runs),
        seconds=round(sum(run[-1].seconds for run in runs), 1),
        peak_mib=round(max(reading.rss_mib for reading in readings), 1),
        growth_mib=round(growth, 1),
    )


def _watch(process: "subprocess.Popen[bytes]", run: int, begun: float, log: Path) -> None:
    own = psutil.Process(process.pid)
    with log.open("ab", buffering=0) as lines:
        while process.poll() is None:
            with suppress(psutil.Error):
                reading = Reading(run, round(time.monotonic() - begun, 2), round(own.memory_info().rss / MIB, 1))
                lines.write(msgspec.json.encode(reading) + b"\n")
            with suppress(subprocess.TimeoutExpired):
                process.wait(PERIOD_S)
