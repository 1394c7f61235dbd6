"""Runs a lab's checks on one submission in a trusted pytest process, and survives that process too."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.checks import journal
from grader.checks.reports import merge
from grader.errors import HarnessError
from grader.lab import Lab
from grader.results import CheckResult, Outcome

# The worker enforces a check's own time; this is for a trusted process that hangs on what came back.
GRACE_S = 30.0
MOST_RESTARTS = 20
POLL_S = 0.05


@dataclass(frozen=True)
class ChecksRun:
    """A lab's checks on one submission. `boundary` is the warm server's address."""

    lab: Lab
    source: Path
    boundary: str
    seed: int
    progress: Callable[[str], None]

    def run(self) -> dict[str, CheckResult]:
        """Return the result of every check that reported, by id. Harness errors are retried once.

        Raises HarnessError where pytest itself cannot run the lab's tests.
        """
        with tempfile.TemporaryDirectory(prefix="checks-") as folder:
            decided = self._run_to_the_end(Path(folder) / "first.jsonl", {})
            faults = {id for id, result in decided.items() if result.outcome is Outcome.HARNESS_ERROR}
            if faults:
                kept = {id: result for id, result in decided.items() if id not in faults}
                decided = self._run_to_the_end(Path(folder) / "second.jsonl", kept)
            return decided

    def _run_to_the_end(self, path: Path, decided: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
        for result in decided.values():
            journal.append(path, journal.Decided(result))
        for _ in range(MOST_RESTARTS):
            printed = self._run_pytest(path)
            events = list(journal.read(path))
            if any(isinstance(event, journal.Finished) for event in events):
                return _results(events)
            self._decide_interrupted(path, events, printed)
        raise HarnessError(f"The checks of {self.lab.name} were interrupted {MOST_RESTARTS} times; giving up.")

    def _decide_interrupted(self, path: Path, events: list[journal.Event], printed: str) -> None:
        """Let the check that stopped the process be the only one to suffer from it."""
        done = _results(events)
        begun = [event.id for event in events if isinstance(event, journal.Started) and event.id not in done]
        if not begun:
            raise HarnessError(f"pytest could not run the checks of {self.lab.name}: {printed.strip()[-2000:]}")
        id = begun[-1]
        message = "Comparing what came back took too long; it may be far larger than the lab asks for."
        points = self.lab.spec.manifest()[id]
        title = id.partition(".")[2].replace("_", " ").capitalize()
        result = CheckResult(
            id=id, title=title, outcome=Outcome.TIMED_OUT, points=0.0, max_points=points, message=message
        )
        journal.append(path, journal.Decided(result))

    def _run_pytest(self, path: Path) -> str:
        """Run one pytest process until it ends, or until one check has held it for too long; return what it printed."""
        printed = path.with_suffix(".log")
        with printed.open("wb") as log:
            process = subprocess.Popen(
                self._command(path), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=_environment()
            )
            try:
                self._watch(process, path)
            finally:
                process.kill()
                process.wait()
        return printed.read_text(errors="replace")

    def _watch(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        limits = self.lab.spec.limits
        seen, since, longest = -1, time.monotonic(), limits.check_s
        total = sum(len(task.visible) + len(task.hidden) for task in self.lab.spec.tasks)
        while process.poll() is None:
            events = list(journal.read(path))
            if len(events) != seen:
                seen, since = len(events), time.monotonic()
                longest = events[-1].seconds if events and isinstance(events[-1], journal.Started) else limits.check_s
                self.progress(f"checks: {len(_results(events))} of {total}")
            if time.monotonic() - since > longest + GRACE_S:
                return
            time.sleep(POLL_S)

    def _command(self, path: Path) -> list[str]:
        tests = [str(self.lab.visible_tests)]
        if self.lab.hidden_tests:
            tests.append(str(self.lab.hidden_tests))
        options = ["--import-mode=importlib", "--noconftest", "-p", "no:cacheprovider", "-p", "grader.checks.plugin"]
        ini = path.with_name("pytest.ini")
        ini.write_text("[pytest]\n")
        return [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-c",
                str(ini),
                f"--rootdir={self.lab.folder.parents[1]}",
                *options,
            ),
            *("--submission", str(self.source), "--boundary", self.boundary),
            *("--journal", str(path), "--check-seed", str(self.seed), *tests),
        ]


def _results(events: list[journal.Event]) -> dict[str, CheckResult]:
    return merge(event.result for event in events if isinstance(event, journal.Decided))


def _environment() -> dict[str, str]:
    """Our own environment without what could change how pytest runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "HYPOTHESIS_"))}
    return kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
