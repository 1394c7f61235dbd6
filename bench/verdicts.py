"""Whether each student of a class got what the sample declares, under their own id, and nobody else's result."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bench.students import STUB, Student
from fixtures.submissions.build import Patch, read_patch
from grader.batch.journal import Member
from grader.lab import find_lab
from grader.results import CheckResult, Outcome, Result
from grader.selftest.records import HOSTILE
from grader.selftest.trials import all_told, checks_about

COMPLETE = "demo/ada-complete"


class Verdicts(msgspec.Struct, frozen=True):
    """Sentences, each with a student's id: results that are lost, mixed up, or not as declared."""

    lost: list[str]
    mixed_up: list[str]
    astray: list[str]


def judge_class(students: Sequence[Student], results: Mapping[str, Result], roll: Sequence[Member]) -> Verdicts:
    """Compare a class's results by id, and the roll of the batch, with what must have come of each student."""
    refused = {member.id for member in roll if member.refused}
    members = {member.id for member in roll}
    known = {student.id for student in students}
    lost = [student.id for student in students if student.id not in results and student.id not in refused]
    lost += [f"{student.id} is not on the roll" for student in students if student.id not in members]
    mixed = [f"{id} is nobody's" for id in sorted((members | results.keys()) - known)]
    mixed += [f"{one.id}: {said}" for one in students if one.id in results and (said := _mixed(one, results[one.id]))]
    bases = {one.sample: results[one.id] for one in reversed(students) if one.id in results}
    astray = [
        f"{one.id} ({one.sample}, {one.form}): {said}"
        for one in students
        if (one.id in results or one.id in refused) and (said := _complaint(one, results.get(one.id), bases))
    ]
    return Verdicts(lost, mixed, astray)


def _mixed(student: Student, result: Result) -> str:
    """Say by what a result shows that it is another student's."""
    people = [person.name for person in result.delivery.people] if result.delivery else []
    if result.submission.id != student.id:
        return f"the result inside is {result.submission.id}'s"
    if people != [student.name]:
        return f"it is said to be {people}'s, and not {student.name}'s"
    if student.sha256 and result.submission.sha256 != student.sha256:
        return "the files that were graded are not the ones handed in"
    return ""


def _complaint(student: Student, result: Result | None, firsts: Mapping[str, Result]) -> str:
    """Say what came out otherwise than declared. `firsts` has the result of the first who handed in each sample."""
    if result is None:
        return "it was refused" if student.sha256 else ""
    if not student.sha256:
        return "it was not refused"
    if faults := [check.id for check in result.harness_faults()]:
        return f"our fault, not decided: {', '.join(faults)}"
    patch = (student.sample != STUB and read_patch(student.sample)) or Patch()
    checks = result.checks()
    lost = [check.id for check in checks if check.points < check.max_points]
    if student.kind == "hostile":
        return _gain(patch, checks, firsts[patch.base])
    if student.kind == "wrong":
        return _strayed(patch, lost, result)
    if student.kind == "right" or student.sample == COMPLETE:
        complaint = f"it lost {', '.join(lost)}" if lost else ""
    elif student.kind == "chaffs":
        complaint = "" if patch.check in lost else f"{patch.check} does not find the mistake"
    elif student.sample == STUB:
        complaint = _listed("the stub passed", [check.id for check in checks if check.outcome is Outcome.PASSED])
    else:
        complaint = "" if 0 < result.score < result.max_score else f"it got {result.score:g}"
    return complaint or _differs(checks, firsts[student.sample].checks())


def _gain(patch: Patch, checks: Iterable[CheckResult], base: Result) -> str:
    """Say what an attack gained over what it is laid on, beyond what its honest part earns; all checks count here."""
    honest = {check.id: check.points for check in base.checks()}
    if patch.keeps is not None:
        attacked = checks_about(find_lab("week07").spec, HOSTILE, patch)
        honest |= dict.fromkeys(attacked - set(patch.keeps), 0.0)
    return _listed("it gained", [one.id for one in checks if one.id not in patch.earns and one.points > honest[one.id]])


def _strayed(patch: Patch, lost: Iterable[str], result: Result) -> str:
    """Say what a broken one lost that is not broken, or that nothing tells of its mistake."""
    unexpected = [id for id in lost if not id.startswith(tuple(patch.loses))]
    if unexpected:
        return _listed("it lost what is not broken", unexpected)
    return "" if patch.hint in all_told(result) else f"nothing says {patch.hint!r}"


def _differs(checks: Iterable[CheckResult], others: Iterable[CheckResult]) -> str:
    pairs = zip(checks, others, strict=True)
    return _listed("unlike the same files of another", [a.id for a, b in pairs if a.outcome is not b.outcome])


def _listed(what: str, ids: Sequence[str]) -> str:
    return f"{what}: {', '.join(ids)}" if ids else ""
