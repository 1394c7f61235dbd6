"""A batch in a process of its own, to be killed; and what is left of it then."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil

from grader.batch.records import Record
from grader.lab.folders import PROJECT
from grader.results import decode
from tests.batch.classroom import timeless

SEED = 3
PATIENCE_S = 120.0


class Victim:
    """A batch over `folder` into `out`, whose temporary files lie in `scratch`."""

    def __init__(self, folder: Path, out: Path, scratch: Path) -> None:
        self.folder, self.out, self.scratch = folder, out, scratch
        scratch.mkdir(exist_ok=True)

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start the real command."""
        command = [sys.executable, "-m", "grader", "batch", str(self.folder), "--lab", "week00", "--out", str(self.out)]
        return subprocess.Popen(
            [*command, "--seed", str(SEED), "--jobs", "2", *options],
            cwd=PROJECT,
            env=os.environ | {"TMPDIR": str(self.scratch), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> int:
        """Run it to its end; return the exit code."""
        process = self.start()
        _, said = process.communicate(timeout=600)
        assert "Traceback" not in said, said
        return process.returncode

    def kill_after(self, seconds: float) -> bool:
        """Start it and kill it after some seconds; tell whether it was still running."""
        process = self.start()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        return process.returncode == -signal.SIGKILL

    def assert_nothing_is_left(self) -> None:
        """Assert that no process is left, nor any scratch once the next start has swept, nor a damaged file.

        A process that is being torn down has no command line any more and still holds its folder's lock, so that a
        sweep which comes that early leaves the folder to the next one.
        """
        deadline = time.monotonic() + PATIENCE_S
        while (left := self._remains()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left == []
        self.assert_whole()

    def assert_whole(self) -> None:
        """Assert that every file that is there can be read to its end."""
        for path in self.out.glob("[!.]*/result.json"):
            result = decode(path.read_bytes())
            assert len(result.checks()) == 5
            assert (path.parent / "index.html").read_text().rstrip().endswith("</html>")
        for path in self.out.glob(".journal/records/[!.]*.json"):
            msgspec.json.decode(path.read_bytes(), type=Record, strict=True)

    def results(self) -> dict[str, object]:
        """Return all results without their durations, by id."""
        return {path.parent.name: timeless(path) for path in sorted(self.out.glob("[!.]*/result.json"))}

    def _processes(self) -> list[str]:
        """Return the command lines of processes that know our folders, but for our own."""
        found = []
        for process in psutil.process_iter(["pid", "cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.scratch) in line or f"--out {self.out}" in line:
                found.append(line)
        return found

    def _remains(self) -> list[str]:
        """Return the processes that are left; where there are none, what a sweep leaves in the scratch folder."""
        if left := self._processes():
            return left
        self._sweep()
        return [str(path) for path in self.scratch.iterdir()]

    def _sweep(self) -> None:
        code = "from grader.worker.folders import sweep; sweep()"
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(self.scratch)}, check=True)
