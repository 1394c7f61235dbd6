"""Mutants of the reference, made by machine, and which of them no check finds: `python -m tests.selftest.mutants`.

The mutations are cosmic-ray's. Those in annotations change nothing that runs and are left out; those that only look
like mistakes are argued away by name in equivalent.toml. Each runs the checks of its module's task until one fails.
"""

import argparse
import ast
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from grader.lab import TaskSpec
from grader.results import Outcome
from grader.selftest.samples import REFERENCE
from tests.lab.mistakes import LAB, SAMPLES, decided, find_test, run_checks

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
SHARED = 20  # mutants that one process tries
SLOW = 1.0  # seconds on the reference; a check that takes as long is asked only of what the others let pass


@dataclass(frozen=True)
class Mutant:
    """A module of the reference with one line changed."""

    module: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """How equivalent.toml calls it: the module, and the line before and after."""
        return f"{self.module}: {self.before} → {self.after}"


def make_mutants(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module that differs from it, and from the others, in what runs."""
    seen = {_what_runs(source)}
    found = []
    for mutated in _mutations(source):
        try:
            runs = _what_runs(mutated)
        except SyntaxError:  # a lone `*` among parameters is no operator
            continue
        if runs not in seen:
            seen.add(runs)
            found.append(Mutant(module, *_first_difference(source, mutated), mutated))
    return found


def _mutations(source: str) -> Iterator[str]:
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments():
            continue
        for occurrence in range(10_000):
            mutated = mutate_code(source, operator(), occurrence)
            if mutated is None or mutated == source:
                break
            yield mutated


def _what_runs(source: str) -> str:
    """Return the syntax tree without annotations, which nothing here looks at."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _first_difference(before: str, after: str) -> tuple[str, str]:
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((old.strip(), new.strip()) for old, new in lines if old != new)


def read_equivalent() -> dict[str, str]:
    """Return the mutants that are none, by name, each with the reason."""
    found = {}
    for entry in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]:
        for after in [entry["after"]] if isinstance(entry["after"], str) else entry["after"]:
            found[f"{entry['module']}: {entry['before']} → {after}"] = entry["why"]
    return found


def find_survivors(mutants: list[Mutant], task: TaskSpec) -> list[Mutant]:
    """Return the mutants that pass every visible and hidden check of the task; its slow checks are asked last."""
    with tempfile.TemporaryDirectory() as folder:
        stages = _sort_checks(task, Path(folder))
    for tests in filter(None, stages):
        left: list[Mutant] = []
        for start in range(0, len(mutants), SHARED):
            with tempfile.TemporaryDirectory() as folder:
                left += _let_through(mutants[start : start + SHARED], tests, Path(folder))
            tried = min(start + SHARED, len(mutants))
            print(f"{task.name}: {tried} of {len(mutants)}, {len(left)} left", file=sys.stderr)
        mutants = left
    return mutants


def _sort_checks(task: TaskSpec, folder: Path) -> tuple[list[str], list[str]]:
    """Return the tests of a task's checks that take under SLOW seconds on the reference, and the slower ones."""
    alone = {}
    for check in (*task.visible, *task.hidden):
        alone[find_test(f"{task.name}.{check}")] = SAMPLES.build(REFERENCE, folder / check)
    run_checks([(submission, [test]) for test, submission in alone.items()])
    seconds = {test: sum(result.duration_s for result in decided(alone[test]).values()) for test in alone}
    return [test for test in alone if seconds[test] < SLOW], [test for test in alone if seconds[test] >= SLOW]


def _let_through(mutants: list[Mutant], tests: list[str], folder: Path) -> list[Mutant]:
    """Return those of the mutants that pass the tests."""
    runs = {}
    for number, mutant in enumerate(mutants):
        runs[number] = SAMPLES.build(REFERENCE, folder / str(number))
        (runs[number] / f"{mutant.module}.py").write_text(mutant.source, encoding="utf-8")
    run_checks([(submission, tests) for submission in runs.values()])
    return [mutant for number, mutant in enumerate(mutants) if _passed(runs[number], len(tests))]


def _passed(submission: Path, checks: int) -> bool:
    outcomes = [result.outcome for result in decided(submission).values()]
    return len(outcomes) == checks and set(outcomes) == {Outcome.PASSED}


def main() -> int:
    """Try the mutants of the modules named, or of all; print the survivors and the share that was found."""
    known = {task.module: task for task in LAB.spec.tasks if task.module}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", choices=known)
    parser.add_argument("--every", type=int, default=1, help="try one in so many")
    given = parser.parse_args()
    argued, left = read_equivalent(), 0
    for module in given.modules or known:
        assert LAB.solutions is not None
        source = (LAB.solutions / f"{module}.py").read_text(encoding="utf-8")
        mutants = make_mutants(module, source)[:: given.every]
        tried = [mutant for mutant in mutants if mutant.name not in argued]
        survivors = find_survivors(tried, known[module])
        for mutant in survivors:
            print(f"no check finds {mutant.name}")
        found = len(tried) - len(survivors)
        share = found / len(tried)
        print(f"{module}: {found} of {len(tried)} found ({share:.1%}); {len(mutants) - len(tried)} argued away")
        left += len(survivors)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
