"""Every hostile submission, graded by the real pipeline at each level that works here: no gain, no leak, no trace.

A sample's PATCH.toml says what its attack touches, and what its honest part earns. The table is printed at the end.
"""

import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import psutil
import pytest
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fixtures.submissions.build import Patch, materialize, names, read_patch
from grader.errors import HarnessError, SubmissionError
from grader.grade import warm_up, write_result
from grader.results import Outcome, Result
from grader.training import choose_model
from grader.worker.confine import Level

from .restricted import Restricted, copy_lab
from .surroundings import Surroundings, watched

HERE = Path(__file__)
SEED = 7
LEVELS = [level for level in Level if level is not Level.PROCESS]
HOSTILE = [name.partition("/")[2] for name in names("hostile")]
QUICK = {
    "a01-exit-zero-at-import",
    "a05-reads-solutions-by-path",
    "a08-tries-every-door",
    "a10-replaces-the-service",
    "a12-raw-system-calls",
    "a17-swaps-while-they-are-read",
    "a24-nan-through-the-scale",
    "a38-quiz-with-a-number-too-long",
}
NEIGHBOUR = "right/plain-loop"
NEIGHBOUR_DOES = ["formatting.prompt_follows_the_template", "evaluation.accuracy_looks_through_case_and_space"]
ACTIVE = (
    "<script>document",
    "<svg onload",
    "<img src=x",
    "<style>*",
    "<iframe",
)  # markup of the samples' that would act


def patch_of(name: str) -> Patch:
    """Return a hostile sample's PATCH.toml."""
    patch = read_patch(f"hostile/{name}")
    assert patch is not None
    return patch


@dataclass
class Arena:
    """One level's graders, the world around them, and the rows of the table."""

    restricted: Restricted
    world: Surroundings
    temporary: Path
    neighbour: Path
    resident: set[str] = field(default_factory=set)
    rows: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def level(self) -> str:
        """The level that every worker here is confined at."""
        return self.restricted.grading.server.sandbox.level

    def grade(self, name: str, folder: Path) -> Result | None:
        """Grade one sample; None where intake refuses it. Its row goes into the table."""
        patch = patch_of(name)
        honest = self.restricted.points(patch, self.restricted.base(patch.base))
        begun = time.monotonic()
        try:
            result = self.restricted.grade(materialize(f"hostile/{name}", folder / name), patch.touches)
            got, said = self.restricted.points(patch, result), self._first_loss(patch, result)
        except SubmissionError as error:
            result, got, said = None, 0.0, f"refused: {str(error).partition(': ')[2]}"
        seconds = f"{time.monotonic() - begun:.1f}"
        self.rows.append((patch.attack, name, f"{honest:g}", f"{got:g}", seconds, said.splitlines()[0][:100]))
        return result

    def _first_loss(self, patch: Patch, result: Result) -> str:
        """Return what the report says of the first touched check that did not pass."""
        touched = self.restricted.touched(patch.touches)
        lost = [check for check in result.checks() if check.id in touched and check.outcome is not Outcome.PASSED]
        return f"{lost[0].outcome}: {lost[0].message}" if lost else "all passed"

    def left_behind(self) -> list[str]:
        """Say what is there that should be gone: processes, folders of workers, marks, visits to the listeners."""
        server = psutil.Process(self.restricted.grading.server.pid)
        children = [f"process {child.pid} is still there" for child in server.children(recursive=True)]
        folders = [f"{path} is still there" for path in self.temporary.iterdir() if path.name not in self.resident]
        return children + folders + self.world.reached()


@pytest.fixture(scope="module", params=LEVELS)
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Warm up at one level, with a lab of its own and secrets around it; print the table at the end."""
    root, temporary = tmp_path_factory.mktemp("arena"), tmp_path_factory.mktemp("tmp")
    canary = f"CANARY-{secrets.token_hex(8)}"
    with pytest.MonkeyPatch.context() as patched, ExitStack() as opened:
        patched.setenv("GRADER_SECRET", canary)
        patched.setenv("TMPDIR", str(temporary))
        patched.setattr(tempfile, "tempdir", None)
        lab = copy_lab(root)
        world = opened.enter_context(watched(root, canary))
        try:
            choice = choose_model(lab, "tiny-gpt2", "cpu")
            grading = opened.enter_context(warm_up(lab, choice, SEED, lambda message: None, level=request.param))
        except HarnessError as error:
            pytest.skip(str(error))
        restricted = Restricted(grading, root / "built", wanted_of(request.session.items))
        found = Arena(restricted, world, temporary, materialize(NEIGHBOUR, root / "neighbour"))
        found.resident = {path.name for path in temporary.iterdir()}
        yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        show(found)


def wanted_of(items: list[pytest.Item]) -> dict[str, set[str]]:
    """Return what the samples of this session ask of each base."""
    wanted: dict[str, set[str]] = {}
    for item in items:
        if item.path == HERE and isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            patch = patch_of(str(item.callspec.params["name"]))
            wanted.setdefault(patch.base, set()).update(patch.touches)
    return wanted


def show(arena: Arena) -> None:
    """Print what became of every sample."""
    columns = ("attack", "sample", "honest", "got", "seconds", "the first loss, as the student reads it")
    table = Table(*columns, title=f"Hostile submissions at the level {arena.level}", box=None, pad_edge=False)
    for row in arena.rows:
        table.add_row(*(escape(cell) for cell in row))
    Console(width=200, highlight=False).print("\n", table)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in HOSTILE]
)
def test_a_hostile_submission_gains_leaks_and_leaves_nothing(arena: Arena, name: str, tmp_path: Path) -> None:
    patch = patch_of(name)
    result = arena.grade(name, tmp_path)
    assert (result is None) == patch.refused
    if result is not None:
        assert result.sandbox.level == arena.level
        assert arena.restricted.gains(patch, result) == []
        assert [(check.id, check.message) for check in result.harness_faults()] == []
        page = write_result(result, tmp_path / "report")
        markup, record = page.read_text(encoding="utf-8"), (page.parent / "result.json").read_bytes()
        assert arena.world.leaks(unescape(markup)) == []
        assert arena.world.leaks("\n".join(strings_in(json.loads(record)))) == []
        assert [piece for piece in (*ACTIVE, "\x1b", "\x00") if piece in markup] == []
    assert arena.left_behind() == []
    neighbour = arena.restricted.grade(arena.neighbour, NEIGHBOUR_DOES)
    honest = [check for check in neighbour.checks() if check.id in NEIGHBOUR_DOES]
    assert [check.outcome for check in honest] == [Outcome.PASSED] * len(NEIGHBOUR_DOES)


def strings_in(value: object) -> Iterator[str]:
    """Yield every text in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from strings_in([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


def test_the_quick_samples_are_there() -> None:
    assert set(HOSTILE) >= QUICK
