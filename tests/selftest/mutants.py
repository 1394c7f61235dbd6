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


def find_survivors(mutants: list[Mutant], task: TaskSpec, folder: Path) -> list[Mutant]:
    """Return the mutants that pass every visible and hidden check of the task."""
    named = dict.fromkeys(find_test(f"{task.name}.{check}") for check in (*task.visible, *task.hidden))
    tests = sorted(named, key=_trains)
    runs = {}
    for number, mutant in enumerate(mutants):
        runs[number] = SAMPLES.build(REFERENCE, folder / str(number))
        (runs[number] / f"{mutant.module}.py").write_text(mutant.source, encoding="utf-8")
    run_checks([(submission, tests) for submission in runs.values()])
    return [mutant for number, mutant in enumerate(mutants) if _survived(runs[number], len(tests))]


def _trains(test: str) -> bool:
    """Tell whether a check makes a training run: most mutants fail before, where those come last."""
    path, _, name = test.partition("::")
    return "tune(" in Path(path).read_text(encoding="utf-8").split(f"def {name}(")[1].split("\ndef ")[0]


def _survived(submission: Path, checks: int) -> bool:
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
        survivors: list[Mutant] = []
        for start in range(0, len(tried), SHARED):
            with tempfile.TemporaryDirectory() as folder:
                survivors += find_survivors(tried[start : start + SHARED], known[module], Path(folder))
            print(f"{module}: {start + SHARED} of {len(tried)}, {len(survivors)} left", file=sys.stderr)
        for mutant in survivors:
            print(f"no check finds {mutant.name}")
        found = len(tried) - len(survivors)
        share = found / len(tried)
        print(f"{module}: {found} of {len(tried)} found ({share:.1%}); {len(mutants) - len(tried)} argued away")
        left += len(survivors)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
