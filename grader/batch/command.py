"""`grader batch` and `grader merge`: from the folder of a class to its reports."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from rich.console import Console

from grader.batch import classpage
from grader.batch.attendance import Class
from grader.batch.books import Absences
from grader.batch.jobs import Engine
from grader.batch.journal import Journal, Member
from grader.batch.records import explain_checks, explain_training
from grader.batch.reports import Reports
from grader.batch.run import BatchRun
from grader.batch.settings import Asked, Terms, settings_of, settle_terms
from grader.batch.shards import find_parts, gather
from grader.batch.stages import Stages
from grader.batch.summary import exit_code, print_summary
from grader.batch.tickets import take_in_all
from grader.batch.view import open_view
from grader.errors import UsageError
from grader.intake.arrivals import Arrival, choose_best
from grader.rubric import refuse_misfits
from grader.worker.folders import OwnedFolder, sweep

OpenEngine = Callable[[Terms], Engine]

STOPPED = 130  # as shells say it of what Ctrl-C ended


def run_batch(asked: Asked, group: Class, open_engine: OpenEngine, console: Console) -> int:
    """Grade a class, or go on where the last run stopped; return the exit code. Raises UsageError, HarnessError."""
    sweep()
    try:
        with _terminable(), OwnedFolder() as workspace:
            books = group.open_books()
            arrivals, absences = group.arrivals(workspace, books)
            refuse_misfits(books.decisions, asked.lab.spec)
            with Journal(group.reports) as journal:
                terms = settle_terms(asked, journal.read_settings(), group.reports)
                journal.begin(settings_of(terms, finished=False))
                reports = Reports(terms, group.reports, books.decisions)
                roll = _grade(arrivals, reports, group, journal, open_engine(terms))
                journal.finish(settings_of(terms, finished=True), roll, absences)
                page = _write_page(group, journal, reports, roll, absences)
                idle = reports.idle_decisions()
                print_summary(reports.entries, reports.changes, page, console, absences.notes(), idle)
                return exit_code(reports.entries)
    except KeyboardInterrupt:
        console.print("Stopped. What was graded is kept; run the same command again to go on.")
        return STOPPED
    finally:
        sweep()  # what the processes that were stopped could not remove


def explain(asked: Asked, group: Class, id: str, console: Console) -> int:
    """Say why a submission would be graded again, or that it would not; grade nothing. Raises UsageError."""
    with OwnedFolder() as workspace:
        arrivals, _ = group.arrivals(workspace, group.open_books())
        chosen = [arrival for arrival in arrivals if arrival.id == id]
        if not chosen:
            raise UsageError(f"No submission with the id {id!r} is in {group.folder}.")
        with Journal(group.reports) as journal:
            settings, record = journal.read_settings(), journal.read(id)
        terms = settle_terms(asked, settings, group.reports)
        [ticket] = take_in_all(chosen, terms.lab)
        checks = explain_checks(record, terms.check_facts(ticket.sha256), terms.sources, terms.unconfined)
        training = explain_training(record, terms.training_facts(ticket.sha256), terms.unconfined)
    console.print(f"checks: {'; '.join(checks) or 'unchanged'}", markup=False, soft_wrap=True)
    if terms.choice:
        console.print(f"training: {'; '.join(training) or 'unchanged'}", markup=False, soft_wrap=True)
    return 0


def merge(out: Path, console: Console, *, pseudonymous: bool = False) -> int:
    """Put the parts of a class together; return the exit code. Raises UsageError where one is missing or unfinished."""
    parts = find_parts(out)
    with Journal(out) as journal:
        gathered = gather(out, parts, journal)
        spoken = classpage.language_of(gathered.settings)
        group = classpage.Graded(out, journal, gathered.settings, gathered.roll, gathered.absences, language=spoken)
        page = classpage.write_class_page(group, pseudonymous=pseudonymous)
    print_summary(gathered.entries, [], page, console, gathered.absences.notes())
    return exit_code(gathered.entries)


def _grade(
    arrivals: Sequence[Arrival], reports: Reports, group: Class, journal: Journal, engine: Engine
) -> list[Member]:
    """Grade, and return the roll. Where that is stopped, the class page shows what was graded until then."""
    try:
        with open_view() as view, closing(engine):
            BatchRun(reports.terms, journal, engine, Stages(view), reports.settle).run(arrivals)
    except KeyboardInterrupt:
        _write_page(group, journal, reports, reports.members, Absences(), finished=False)
        raise
    scores = {entry.id: entry.score for entry in reports.entries if not entry.refused and not entry.fault}
    # What an earlier run made of a submission that this one could not grade is not its grade.
    counting = {arrival.id for arrival in choose_best(arrivals, scores)} & scores.keys()
    return [msgspec.structs.replace(member, counts=member.id in counting) for member in reports.members]


def _write_page(
    group: Class,
    journal: Journal,
    reports: Reports,
    roll: Sequence[Member],
    absences: Absences,
    *,
    finished: bool = True,
) -> Path:
    settings = settings_of(reports.terms, finished=finished)
    shown = classpage.Graded(
        group.reports, journal, settings, roll, absences, finished, reports.terms.language, reports.idle_decisions()
    )
    return classpage.write_class_page(shown, pseudonymous=group.pseudonymous)


@contextmanager
def _terminable() -> Iterator[None]:
    """Take a scheduler's SIGTERM for a Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
