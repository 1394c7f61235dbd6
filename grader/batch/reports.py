"""The reports of a batch: each submission's as soon as it is settled, and what changed since last time."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.batch.journal import Member
from grader.batch.records import Record
from grader.batch.settings import Terms
from grader.batch.tickets import Ticket
from grader.environment import describe_environment
from grader.grade import build_result
from grader.render.html import render_report
from grader.render.index import Entry, make_entry
from grader.results import CheckResult, Plain, Result, SandboxInfo, decode, encode, write_atomically
from grader.rubric import Decision, adjust

MOST_CHANGES = 3  # named of one submission


class Reports:
    """Writes into the output folder. What is kept in memory of a submission is a line."""

    def __init__(self, terms: Terms, out: Path, decisions: Sequence[Decision] = ()) -> None:
        """`decisions` are a person's, applied to what was graded and never kept in the journal."""
        self.terms = terms
        self._out, self._decisions = out, decisions
        self.entries: list[Entry] = []
        self.members: list[Member] = []
        self.changes: list[str] = []

    def idle_decisions(self) -> list[Decision]:
        """Return the decisions over a submission that has no result for them to change."""
        without = {entry.id for entry in self.entries if entry.refused or entry.fault}
        return [decision for decision in self._decisions if decision.submission in without]

    def settle(self, ticket: Ticket, record: Record) -> None:
        """Write what is known of a submission about which no more will be found out in this run."""
        arrival = ticket.arrival
        self.members.append(
            Member(
                id=ticket.id,
                student=arrival.student,
                attempt=arrival.attempt,
                refused=ticket.refused,
                fault=ticket.fault,
            )
        )
        if ticket.info is None or ticket.refused or ticket.fault or record.checked is None:
            self.entries.append(Entry(id=ticket.id, refused=ticket.refused, fault=ticket.fault))
            return
        result = self._assemble(ticket, record)
        self._write(result)
        self.entries.append(make_entry(result))

    def _assemble(self, ticket: Ticket, record: Record) -> Result:
        terms = self.terms
        reported = {**{check.id: check for check in ticket.faulty}, **terms.valid_checks(record, ticket.sha256)}
        training = terms.valid_training(record, ticket.sha256) or ticket.untrained
        sandbox, environment = _circumstances(record)
        assert ticket.info is not None
        info = msgspec.structs.replace(ticket.info, id=ticket.id)
        result = build_result(terms.lab, info, reported, training, sandbox, environment, terms.seed)
        return adjust(result, terms.lab.spec, ticket.arrival.delivery(), self._decisions)

    def _write(self, result: Result) -> None:
        """Write result.json and its page, where they are not what they would be anyway; note what changed."""
        folder = self._out / result.submission.id
        path, page = folder / "result.json", folder / "index.html"
        data = encode(result)
        before = path.read_bytes() if path.is_file() else b""
        if data == before and page.is_file() and self.terms.same_pages:
            return
        if before and data != before:
            self._note_change(before, result)
        # The page first: where we are killed between the two, result.json is still the old one and both come again.
        write_atomically(page, render_report(result, self.terms.language).encode())
        write_atomically(path, data)

    def _note_change(self, before: bytes, result: Result) -> None:
        try:
            change = describe_change(decode(before), result)
        except msgspec.MsgspecError:
            change = "its old result could not be read"
        if change:
            self.changes.append(f"{result.submission.id}: {change}")


def _circumstances(record: Record) -> tuple[SandboxInfo, dict[str, Plain]]:
    if record.checked is None:
        return SandboxInfo(level="none"), describe_environment()
    return record.checked.sandbox, record.checked.environment


def describe_change(before: Result, now: Result) -> str:
    """Say in one line by what a regrade changed a result's points or outcomes; nothing where it changed neither."""
    old = {check.id: check for check in before.checks()}
    changed = [
        _describe_check(old[check.id], check)
        for check in now.checks()
        if check.id in old and (old[check.id].outcome, old[check.id].points) != (check.outcome, check.points)
    ]
    if before.score == now.score and not changed:
        return ""
    more = f" and {len(changed) - MOST_CHANGES} more" if len(changed) > MOST_CHANGES else ""
    named = f" ({', '.join(changed[:MOST_CHANGES])}{more})" if changed else ""
    return f"{before.score:g}/{before.max_score:g} → {now.score:g}/{now.max_score:g}{named}"


def _describe_check(before: CheckResult, now: CheckResult) -> str:
    if before.override == now.override:
        return f"{now.id} {_outcome(before.outcome)} → {_outcome(now.outcome)}"
    whose = "decided by hand" if now.override else "decision by hand taken back"
    return f"{now.id} {whose}: {before.points:g} → {now.points:g} of {now.max_points:g} points"


def _outcome(outcome: str) -> str:
    return outcome.replace("_", " ")
