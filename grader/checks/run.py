"""Runs a lab's checks on one submission in a fork of the warm pytest process, and survives that process too."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.checks import journal
from grader.checks.warm import Fork, WarmChecks
from grader.errors import HarnessError
from grader.results import CheckResult, Outcome
from grader.worker.folders import OwnedFolder

# The worker enforces a check's own time; this is for a trusted process that hangs on what came back.
GRACE_S = 30.0
MOST_RESTARTS = 20
POLL_S = 0.2


@dataclass(frozen=True)
class ChecksRun:
    """A lab's checks on one submission. `boundary` is the address of the warm server of workers."""

    checks: WarmChecks
    source: Path
    boundary: str
    progress: Callable[[str], None]

    def run(self, decided: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
        """Run every check that is not decided yet; return the results by id. Harness errors are retried once.

        Raises HarnessError where pytest itself cannot run the lab's tests.
        """
        with OwnedFolder() as folder:
            reported = self._run_to_the_end(folder / "first.jsonl", decided)
            faults = {id for id, result in reported.items() if result.outcome is Outcome.HARNESS_ERROR}
            if faults:
                kept = {id: result for id, result in reported.items() if id not in faults}
                reported = self._run_to_the_end(folder / "second.jsonl", kept)
            return reported

    def _run_to_the_end(self, path: Path, decided: Mapping[str, CheckResult]) -> dict[str, CheckResult]:
        printed = path.with_suffix(".log")
        journal.begin(path, decided.values())
        for _ in range(MOST_RESTARTS):
            fork = self.checks.fork(self.source, self.boundary, path, printed)
            try:
                self._watch(fork, path)
            finally:
                fork.close()
            events = list(journal.read(path))
            if any(isinstance(event, journal.Finished) for event in events):
                return journal.results(path)
            if self.checks.alive:
                self._decide_interrupted(path, events, printed)
            else:  # no check's fault: all forks died with the process that they came from
                journal.begin(path, decided.values())
        raise HarnessError(f"The checks of {self.checks.lab.name} were interrupted {MOST_RESTARTS} times; giving up.")

    def _decide_interrupted(self, path: Path, events: list[journal.Event], printed: Path) -> None:
        """Let the check that stopped the process be the only one to suffer from it."""
        if not events or not isinstance(events[-1], journal.Started):
            said = printed.read_text(errors="replace").strip()[-2000:] if printed.exists() else "nothing"
            raise HarnessError(f"pytest could not run the checks of {self.checks.lab.name}: {said}")
        id = events[-1].id
        message = "Comparing what came back took too long; it may be far larger than the lab asks for."
        points = self.checks.lab.spec.manifest()[id]
        title = id.partition(".")[2].replace("_", " ").capitalize()
        result = CheckResult(
            id=id, title=title, outcome=Outcome.TIMED_OUT, points=0.0, max_points=points, message=message
        )
        journal.append(path, journal.Decided(result))

    def _watch(self, fork: Fork, path: Path) -> None:
        """Wait for the end of one fork, or until one check has held it for too long."""
        limits = self.checks.lab.spec.limits
        size, since, longest = -1, time.monotonic(), limits.check_s
        total = sum(len(task.visible) + len(task.hidden) for task in self.checks.lab.spec.tasks)
        while not fork.ended(POLL_S):
            if path.exists() and path.stat().st_size != size:
                size, since = path.stat().st_size, time.monotonic()
                events = list(journal.read(path))
                longest = events[-1].seconds if events and isinstance(events[-1], journal.Started) else limits.check_s
                self.progress(f"checks: {len(journal.results(path))} of {total}")
            if time.monotonic() - since > longest + GRACE_S:
                return
