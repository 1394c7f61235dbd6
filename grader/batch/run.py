"""The way of a class: intake of all, the checks of all, training last. Every result is kept as it comes."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing

import msgspec

from grader.batch.jobs import Engine, Job, Report, Stage
from grader.batch.journal import Journal
from grader.batch.likeness import Fingerprinter
from grader.batch.records import Checked, Record, Trained
from grader.batch.settings import Terms
from grader.batch.stages import Stages
from grader.batch.tickets import Ticket, take_in_all
from grader.batch.untrainable import certain_failure
from grader.environment import describe_environment
from grader.errors import GraderError, SubmissionError, UsageError
from grader.intake.arrivals import Arrival
from grader.results import Outcome, SandboxInfo, TrainingResult

TICK_S = 0.2
Settle = Callable[[Ticket, Record], None]


class BatchRun:
    """One run over a class. `settle` is called for each submission as soon as no more will be found out about it."""

    def __init__(self, terms: Terms, journal: Journal, engine: Engine, stages: Stages, settle: Settle) -> None:
        self._terms, self._journal, self._engine, self._stages = terms, journal, engine, stages
        self._settle = settle
        self._environment = describe_environment(terms.choice.threads if terms.choice else None)
        self._waiting: dict[Stage, deque[Ticket]] = {"checks": deque(), "training": deque()}

    def run(self, arrivals: Sequence[Arrival]) -> None:
        """Take all in, then do what is left to do. Raises UsageError where the batch as a whole cannot go on."""
        self._stages.expect("intake", len(arrivals))
        fingerprinter = Fingerprinter(self._terms.lab, self._journal)
        with closing(take_in_all(arrivals, self._terms.lab, fingerprinter.keep)) as tickets:
            for ticket in tickets:
                self._stages.start("intake")
                self._stages.end("intake", failed=bool(ticket.fault))
                self._plan(ticket)
        self._work()

    def _plan(self, ticket: Ticket) -> None:
        if ticket.info is None:
            self._settle(ticket, Record())
            return
        record = self._journal.read(ticket.id)
        if len(self._terms.valid_checks(record, ticket.sha256)) < len(self._terms.sources):
            self._queue(ticket, "checks")
        else:
            self._plan_training(ticket, record)

    def _plan_training(self, ticket: Ticket, record: Record) -> None:
        """Send a submission to train, unless its run is kept, or is certain to end before it begins."""
        choice = self._terms.choice
        if choice is None or self._terms.valid_training(record, ticket.sha256):
            self._settle(ticket, record)
            return
        checks = [*self._terms.valid_checks(record, ticket.sha256).values(), *ticket.faulty]
        certain = certain_failure(self._terms.lab, choice, checks)
        if certain and record.checked:
            self._settle(ticket, self._keep_training(ticket, record, certain, record.checked.sandbox))
        else:
            self._queue(ticket, "training")

    def _queue(self, ticket: Ticket, stage: Stage) -> None:
        self._stages.expect(stage)
        self._waiting[stage].append(ticket)

    def _work(self) -> None:
        """Keep the engine busy until nothing is left: first come, first served, training only when no checks wait."""
        running: dict[Future[Report], tuple[Ticket, Stage]] = {}
        while running or self._next_stage():
            while (stage := self._next_stage()) and self._engine.room(stage, [other for _, other in running.values()]):
                ticket = self._waiting[stage].popleft()
                self._stages.start(stage)
                running[self._engine.submit(self._job(ticket, stage))] = ticket, stage
            done, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(*running.pop(future), future)
            self._stages.tick()

    def _next_stage(self) -> Stage | None:
        return next((stage for stage, tickets in self._waiting.items() if tickets), None)

    def _job(self, ticket: Ticket, stage: Stage) -> Job:
        """Build a job when its turn has come: what is decided already waits on disk until then."""
        path = str(ticket.arrival.path.absolute())
        decided = self._terms.valid_checks(self._journal.read(ticket.id), ticket.sha256) if stage == "checks" else {}
        return Job(stage=stage, id=ticket.id, path=path, sha256=ticket.sha256, decided=[*decided.values()])

    def _take(self, ticket: Ticket, stage: Stage, future: "Future[Report]") -> None:
        """Keep what came of a job; one that failed through a fault of ours is tried once more, after the others."""
        error = future.exception()
        if error is None:
            self._stages.end(stage)
            self._keep(ticket, stage, future.result())
            return
        if isinstance(error, UsageError) and not isinstance(error, SubmissionError):
            raise error
        if not isinstance(error, SubmissionError) and not ticket.tried_again:
            ticket.tried_again = True
            self._stages.put_back(stage)
            self._waiting[stage].append(ticket)
            return
        if isinstance(error, SubmissionError):
            ticket.refused = str(error)
        else:
            ticket.fault = str(error) if isinstance(error, GraderError) else f"{type(error).__name__}: {error}"
        self._stages.end(stage, failed=bool(ticket.fault))
        self._settle(ticket, Record())

    def _keep(self, ticket: Ticket, stage: Stage, report: Report) -> None:
        record = self._journal.read(ticket.id)
        if stage == "checks":
            record = msgspec.structs.replace(record, checked=self._checked(ticket, report))
            self._journal.write(ticket.id, record)
            ticket.faulty = [check for check in report.checks if check.outcome is Outcome.HARNESS_ERROR]
            self._plan_training(ticket, record)
            return
        if report.training and report.training.outcome is Outcome.HARNESS_ERROR:
            ticket.untrained = report.training
        elif report.training:
            record = self._keep_training(ticket, record, report.training, report.sandbox)
        self._settle(ticket, record)

    def _keep_training(self, ticket: Ticket, record: Record, result: TrainingResult, sandbox: SandboxInfo) -> Record:
        trained = Trained(facts=self._terms.training_facts(ticket.sha256), result=result, sandbox=sandbox)
        record = msgspec.structs.replace(record, trained=trained)
        self._journal.write(ticket.id, record)
        return record

    def _checked(self, ticket: Ticket, report: Report) -> Checked:
        kept = [check for check in report.checks if check.outcome is not Outcome.HARNESS_ERROR]
        kept = [check for check in kept if check.id in self._terms.sources]
        return Checked(
            facts=self._terms.check_facts(ticket.sha256),
            sources={check.id: self._terms.sources[check.id] for check in kept},
            results=kept,
            sandbox=report.sandbox,
            environment=self._environment,
        )
