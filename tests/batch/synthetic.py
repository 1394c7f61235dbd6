"""A made-up class with week 07's real checks: abilities, mistakes, late and refused ones, as a batch leaves it.

`python -m tests.batch.synthetic OUT` writes one of 60 with its page, to look at.
"""

import ast
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from grader.batch.books import Absences
from grader.batch.classpage import Graded, write_class_page
from grader.batch.journal import Journal, Member, Settings
from grader.lab import Lab, find_lab
from grader.lab.folders import PROJECT
from grader.results import (
    CheckResult,
    Delivery,
    Example,
    LatePenalty,
    Outcome,
    Override,
    Person,
    Result,
    RubricLine,
    SandboxInfo,
    SubmissionInfo,
    TrainingResult,
    encode,
    sum_task,
    write_atomically,
)
from grader.similarity.fingerprints import Prints, all_runs, fingerprint

GIVEN = ("Ada", "Ben", "Cleo", "Diego", "Emeka", "Fatima", "Grace", "Hiro", "Ines", "Jamal", "Kavya", "Lena", "Mateo")
FAMILY = ("Lovelace", "Okafor", "Silva", "Hopper", "Tanaka", "Haddad", "Novak", "Ibarra", "Lindqvist", "Mwangi", "Rao")
SPECIAL = [
    "עדה לאבלייס",
    "李明",
    "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh " * 2,
    "<script>alert(1)</script>",
]
FEEDBACK = ("What came back is not what was expected.", "The value `{n}` came back where `{m}` was expected.")
ERRORS = (
    "TypeError: 'NoneType' object is not iterable",
    "KeyError: 'input_ids'",
    "IndexError: list index out of range",
)
STUDENTS = [PROJECT / "fixtures" / "submissions" / name for name in ("demo/ada-complete", "right/terse", "right/trl")]


def make_class(out: Path, journal: Journal, size: int, seed: int = 7) -> Graded:
    """Write results, fingerprints and a roll for a class; return what its page is made from."""
    lab, chance = find_lab("week07"), random.Random(seed)
    checks = [*_checks(lab)]
    difficulty = {check.id: chance.gauss(0, 1) for check in checks}
    prints = [*_prints(lab)]
    roll = []
    for number, student in enumerate(_students(size, chance)):
        id = f"{''.join(c for c in student.lower() if c.isascii() and c.isalpha())[:30] or 'student'}-{500 + number}"
        member = Member(id=id, student=student, attempt=1)
        if number % 23 == 11:
            member = msgspec.structs.replace(
                member, refused="it is no zip archive; hand in the folder as a zip or tar."
            )
        elif number % 41 == 17:
            member = msgspec.structs.replace(member, fault="The warm server did not start: no memory was left.")
        else:
            result = _result(lab, checks, difficulty, id, student, number, chance)
            write_atomically(out / id / "result.json", encode(result))
            journal.write_prints(
                id, prints[number % len(prints)] if number < 5 else _own(prints[number % len(prints)], number)
            )
        roll.append(member)
    settings = Settings(lab=lab.name, title=lab.spec.title, seed=seed, model="tiny-gpt2", device="cpu")
    absences = Absences(missing=["Zoë Quist", "Omar Aziz"], unlisted=[roll[0].id])
    return Graded(out, journal, settings, roll, absences)


def _students(size: int, chance: random.Random) -> Sequence[str]:
    names = [f"{given} {family}" for family in FAMILY for given in GIVEN]
    chance.shuffle(names)
    return [*SPECIAL, *(f"{names[n % len(names)]}{' ' + str(n) if n >= len(names) else ''}" for n in range(size))][
        :size
    ]


def _checks(lab: Lab) -> Iterator[CheckResult]:
    marks = dict(_marks(lab))
    for task in lab.spec.tasks:
        for id, points in task.points_by_id().items():
            name = id.partition(".")[2]
            title, hint = marks.get(name, (name.replace("_", " ").capitalize(), ""))
            hidden = name not in task.visible
            yield CheckResult(
                id=id, title=title, hint=hint, outcome=Outcome.PASSED, points=0, max_points=points, hidden=hidden
            )


def _marks(lab: Lab) -> Iterator[tuple[str, tuple[str, str]]]:
    for folder in filter(None, (lab.visible_tests, lab.hidden_tests)):
        for path in folder.glob("test_*.py"):
            for node in ast.parse(path.read_text()).body:
                for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
                    if isinstance(mark, ast.Call) and "check" in ast.unparse(mark.func):
                        said = {key.arg: getattr(key.value, "value", "") for key in mark.keywords}
                        assert isinstance(node, ast.FunctionDef)
                        yield node.name.removeprefix("test_"), (str(said["title"]), str(said.get("hint", "")))


def _result(
    lab: Lab,
    checks: Sequence[CheckResult],
    difficulty: dict[str, float],
    id: str,
    student: str,
    number: int,
    chance: random.Random,
) -> Result:
    ability, begun = chance.gauss(0.8, 1.1), chance.randint(2, 12)
    settled = {check.id: _settle(check, ability - difficulty[check.id], student, chance) for check in checks}
    tasks = []
    for place, task in enumerate(lab.spec.tasks):
        mine = [settled[name] for name in task.points_by_id()]
        if place >= begun:
            mine = [_replace(check, outcome=Outcome.NOT_ATTEMPTED, points=0.0, message="") for check in mine]
        if number % 19 == 4 and place == 1:
            mine[0] = _replace(mine[0], outcome=Outcome.HARNESS_ERROR, points=0.0, message="The worker died twice.")
        if number % 17 == 3 and place == 0:
            override = Override(comment="Right in spirit.", points_before=0.0, outcome_before=Outcome.FAILED)
            mine[2] = _replace(mine[2], outcome=Outcome.PASSED, points=mine[2].max_points, override=override)
        tasks.append(sum_task(task.name, task.title, mine))
    score, late = sum(task.points for task in tasks), None
    if number % 13 == 5:
        late = LatePenalty(
            due="2026-11-20", days=2, points=min(20.0, score), note="Handed in 1 d 3 h after the due time."
        )
        score -= late.points
    seconds = round(chance.uniform(14, 70), 1)
    return Result(
        lab=lab.name,
        submission=SubmissionInfo(id=id, sha256=f"{number:064x}", files=6, bytes=20_000),
        score=score,
        max_score=sum(task.max_points for task in tasks),
        tasks=tasks,
        training=_training(seconds) if begun > 2 else None,
        rubric=[RubricLine(criterion="Responses are coherent", level="", points=0, max_points=0, evidence=[])],
        sandbox=SandboxInfo(level="landlock"),
        environment={},
        seed=7,
        delivery=Delivery(source="canvas", people=[Person(name=student)], marked_late=late is not None),
        late=late,
    )


def _training(seconds: float) -> TrainingResult:
    return TrainingResult(
        model="tiny-gpt2", device="cpu", why_this_model="asked for", seconds=seconds, outcome=Outcome.PASSED
    )


def _settle(check: CheckResult, margin: float, student: str, chance: random.Random) -> CheckResult:
    took = round(chance.uniform(0.05, 0.9), 3)
    if margin + chance.gauss(0, 0.8) > 0:
        return _replace(check, points=check.max_points, duration_s=took)
    kind = chance.random()
    if kind < 0.7:
        message = FEEDBACK[int(kind < 0.25)].format(n=chance.randint(1, 99), m=chance.randint(1, 99))
        example = Example(call=f"f({student!r})", returned="3", expected="4")
        return _replace(check, outcome=Outcome.FAILED, message=message, example=example, duration_s=took)
    if kind < 0.93:
        return _replace(check, outcome=Outcome.ERRORED, message=chance.choice(ERRORS), hint="", duration_s=took)
    return _replace(check, outcome=Outcome.TIMED_OUT, message="No answer within 10 seconds.", duration_s=10.0)


def _replace(check: CheckResult, **changes: object) -> CheckResult:
    return msgspec.structs.replace(check, **changes)


def _prints(lab: Lab) -> Iterator[Prints]:
    released = all_runs(path.read_text() for path in lab.folder.rglob("*.py"))
    for folder in STUDENTS:
        yield fingerprint({path.name: path.read_text() for path in sorted(folder.glob("*.py"))}, released)


def _own(prints: Prints, number: int) -> Prints:
    """Return fingerprints of the same size that are mostly nobody else's."""
    changed = [
        one
        if place % 7 == number % 7
        else msgspec.structs.replace(one, hash=one.hash ^ (number + 1) * 0x9E3779B97F4A7C15 % 2**62)
        for place, one in enumerate(prints.prints)
    ]
    return msgspec.structs.replace(prints, prints=changed)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True)
    with Journal(out) as journal:
        write_class_page(make_class(out, journal, 60), pseudonymous=False)
