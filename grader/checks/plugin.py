"""The pytest plugin: reads `@pytest.mark.check`, gives tests the `submission` fixture, records what became of them.

It is inert in a session that collects no lab. Nothing of the submission is imported here: see grader/worker.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, seed, settings

from grader.checks import journal
from grader.checks.calls import CallLog
from grader.checks.mark import CheckMark, read_mark
from grader.checks.oracle_access import Oracle, open_oracle
from grader.checks.reports import build_result, merge
from grader.checks.session import LabSession, OpenTransport, find_session
from grader.checks.submission import SubmissionUnderTest
from grader.checks.verdict import Blocked, Verdict, judge
from grader.errors import GraderError, UsageError
from grader.results import CheckResult, Outcome

SESSION = pytest.StashKey[LabSession]()
MARK = pytest.StashKey[CheckMark]()
CALLS = pytest.StashKey[CallLog]()
PROPERTY = "check"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the grader, and a curious student, may pass."""
    group = parser.getgroup("grader")
    group.addoption("--submission", type=Path, help="folder of the modules to check (default: the lab's own stubs)")
    group.addoption("--boundary", help="address of a warm server; without it the modules run in this process")
    group.addoption("--journal", type=Path, help="file to append each check's outcome to, as JSON lines")
    group.addoption("--check-seed", type=int, help="seed of the property tests (default: the same examples every time)")


def pytest_configure(config: pytest.Config) -> None:
    """Find the lab that this session is about, if any, and set Hypothesis up for it."""
    config.addinivalue_line("markers", "check(task, points, title, hint, lesson, needs, seconds): a check of a lab")
    try:
        session = find_session(config)
    except GraderError as error:
        raise pytest.UsageError(str(error)) from error
    if session is None:
        return
    config.stash[SESSION] = session
    settings.register_profile(
        "lab",
        deadline=None,
        database=None,
        derandomize=session.seed is None,
        max_examples=session.lab.spec.limits.examples,
        # Hypothesis' own explanations cost several times what the shrinking does, and nothing of them is shown.
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("lab")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read every check's marker, and put the checks into the manifest's order."""
    session = config.stash.get(SESSION, None)
    if session is None:
        return
    try:
        checks = [item for item in items if _prepare(item, session)]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    order = list(session.lab.spec.manifest())
    checks.sort(key=lambda item: order.index(item.stash[MARK].id))
    items[:] = [item for item in items if MARK not in item.stash] + checks


def _prepare(item: pytest.Item, session: LabSession) -> bool:
    marker = item.get_closest_marker("check")
    if marker is None or not isinstance(item, pytest.Function):
        return False
    mark = read_mark(item.originalname, marker.kwargs, session.lab.spec.manifest(), item.nodeid)
    item.stash[MARK], item.stash[CALLS] = mark, CallLog()
    item.user_properties.append(("check_id", mark.id))
    # A warning in a student's code, or in a library it uses, is not a mistake of the lab's.
    item.add_marker(pytest.mark.filterwarnings("ignore"))
    if is_hypothesis_test(item.obj):
        if session.seed is not None:
            seed(session.seed)(item.obj)
        _note_examples(item.obj, item.stash[CALLS])
    return True


def _note_examples(test: Callable[..., object], calls: CallLog) -> None:
    """Have the call log begin anew with each Hypothesis example, so that it ends holding the smallest one's calls."""
    handle = test.hypothesis  # type: ignore[attr-defined]
    inner = handle.inner_test

    def run_example(*args: object, **kwargs: object) -> object:
        calls.begin_example()
        return inner(*args, **kwargs)

    handle.inner_test = run_example


@pytest.fixture(scope="session")
def open_transport(request: pytest.FixtureRequest) -> Iterator[OpenTransport]:
    """What opens a check's worker."""
    with request.config.stash[SESSION].transports() as opened:
        yield opened


@pytest.fixture
def submission(request: pytest.FixtureRequest, open_transport: OpenTransport) -> Iterator[SubmissionUnderTest]:
    """The submission under test; each task has a worker, which begins anew with each check."""
    session = request.config.stash[SESSION]
    mark, calls = request.node.stash[MARK], request.node.stash[CALLS]
    with ExitStack() as opened:
        yield SubmissionUnderTest(
            lambda: opened.enter_context(open_transport(mark.task)),
            session.source,
            session.modules,
            model_path=session.lab.bundled_model,
            seed=session.seed or 0,
            seconds=mark.seconds or session.lab.spec.limits.call_s,
            budget=session.budget(mark),
            calls=calls,
        )


@pytest.fixture(scope="session")
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    """Trusted computations with a model (grader/checks/oracle.py), in a clean child where there is a server."""
    session = request.config.stash[SESSION]
    with open_oracle(session.boundary, session.worker_limits, session.readable) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block a check where one that it needs did not pass."""
    mark = item.stash.get(MARK, None)
    if mark is None:
        return
    session = item.config.stash[SESSION]
    if session.journal:
        journal.append(session.journal, journal.Started(mark.id, session.budget(mark)))
    for needed in mark.needs:
        known = session.decided.get(needed)
        if known is not None and known.outcome is not Outcome.PASSED:
            outcome = known.outcome.value.replace("_", " ")
            raise Blocked(f"Waits for “{known.title}” ({outcome}).")


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Note the two sides of an `==` that does not hold."""
    session = config.stash.get(SESSION, None)
    if session is not None and op == "==" and session.current is not None:
        session.current.compared = (left, right)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Know which check's values a failing comparison belongs to."""
    session = item.config.stash.get(SESSION, None)
    if session is not None:
        session.current = item.stash.get(CALLS, None)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the check's result to its report; what is not attempted or blocked is neither passed nor failed."""
    mark = item.stash.get(MARK, None)
    with _no_excerpt(item.config) if mark else nullcontext():
        report = yield
    if mark is None or (call.when != "call" and call.excinfo is None):
        return report
    calls = item.stash[CALLS]
    verdict = judge(call.excinfo.value, calls) if call.excinfo else Verdict(Outcome.PASSED)
    verdict = replace(verdict, message=calls.rename(verdict.message))
    hidden = item.path.is_relative_to(item.config.stash[SESSION].lab.folder) is False
    result = build_result(mark, verdict, hidden=hidden, duration_s=call.duration)
    report.user_properties.append((PROPERTY, msgspec.to_builtins(result)))
    if verdict.outcome in (Outcome.NOT_ATTEMPTED, Outcome.BLOCKED):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, verdict.message)
    elif verdict.outcome is not Outcome.PASSED:
        report.longrepr = verdict.message
    return report


@contextmanager
def _no_excerpt(config: pytest.Config) -> Iterator[None]:
    """Leave out pytest's own excerpt of a failure, which ours replaces: to find it, pytest parses the whole file."""
    style, config.option.tbstyle = config.option.tbstyle, "no"
    try:
        yield
    finally:
        config.option.tbstyle = style


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count checks that are not attempted or blocked under those names."""
    result = read_result(report)
    if result is None or result.outcome not in (Outcome.NOT_ATTEMPTED, Outcome.BLOCKED):
        return None
    words = result.outcome.value.replace("_", " ")
    return words, "-", words.upper()


class Recorder:
    """Collects the checks' results, in the process that owns the session (under xdist: the controller)."""

    def __init__(self, session: LabSession) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a check's result and tell the grader."""
        result = read_result(report)
        if result is None:
            return
        self._session.decided = merge([*self._session.decided.values(), result])
        if self._session.journal:
            journal.append(self._session.journal, journal.Decided(result))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End with 1 unless every check passed: a check that was not attempted is not a success."""
        checks = self._session.decided.values()
        if exitstatus == pytest.ExitCode.OK and any(check.outcome is not Outcome.PASSED for check in checks):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._session.journal and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            journal.append(self._session.journal, journal.Finished())


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin recording."""
    lab_session = session.config.stash.get(SESSION, None)
    if lab_session is not None:
        session.config.pluginmanager.register(Recorder(lab_session), "grader-recorder")


def read_result(report: object) -> CheckResult | None:
    """Return the check's result that a report carries, if it carries one."""
    for name, value in getattr(report, "user_properties", ()):
        if name == PROPERTY:
            return msgspec.convert(value, CheckResult)
    return None
