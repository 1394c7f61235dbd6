"""`OUT/index.html`: the class, read back from the results one by one, so that what is kept of each is its row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from grader.analysis.items import ItemAnalysis
from grader.analysis.mistakes import Clusters
from grader.batch.books import Absences
from grader.batch.journal import Journal, Member, Settings
from grader.batch.likeness import compare_class
from grader.batch.names import Names, RealNames, open_pseudonyms
from grader.errors import LabError
from grader.lab import find_lab
from grader.language import ENGLISH, Language, current, load_language, speaking, translate, translate_result
from grader.language import gettext as _
from grader.render import wording
from grader.render.classroom import Classroom, Decided, Flag, Row, Task, render_classroom
from grader.render.steps import name_next_step
from grader.render.told_once import told_once
from grader.results import CheckResult, Override, Result, RubricLine, decode, tidy, unimportable, write_atomically
from grader.rubric import Decision

MOST_CLUSTERS = 25
KEY, WHO = "pseudonyms.key", "pseudonyms.csv"


@dataclass(frozen=True)
class Graded:
    """What a class page is made from, and in which language. `finished` tells that the batch came to its end.

    `idle` are the decisions by hand over submissions that have no result.
    """

    out: Path
    journal: Journal
    settings: Settings
    roll: Sequence[Member]
    absences: Absences
    finished: bool = True
    language: Language = ENGLISH
    idle: Sequence[Decision] = ()


@dataclass
class _Seen:
    """What the results have told so far."""

    rows: list[Row] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    counting: list[str] = field(default_factory=list)
    items: ItemAnalysis = field(default_factory=ItemAnalysis)
    clusters: Clusters = field(default_factory=Clusters)


def language_of(settings: Settings) -> Language:
    """Return the language that a batch was graded in, without the lab's own texts where that lab is not found here."""
    try:
        return find_lab(settings.lab).language(settings.language)
    except LabError:
        return load_language(settings.language)


def write_class_page(group: Graded, *, pseudonymous: bool = False) -> Path:
    """Write `OUT/index.html` and return its path.

    Under pseudonyms it links to no report, since their folders bear names: the file can be given away by itself. The
    key, and who is who, stay in the journal. Raises UsageError where the key is damaged.
    """
    page = group.out / "index.html"
    names = _open_names(group) if pseudonymous else RealNames()
    with speaking(group.language):
        classroom = build_classroom(group, names)
    write_atomically(page, render_classroom(classroom, group.language).encode())
    return page


def _open_names(group: Graded) -> Names:
    known = [text for member in group.roll for text in (member.id, *member.student.split(" and "))]
    names = open_pseudonyms(group.journal.folder / KEY, [*known, *group.absences.people()])
    who = sorted(f"{names.name(member.id)},{member.id}\n" for member in group.roll)
    write_atomically(group.journal.folder / WHO, "".join(who).encode())
    return names


def build_classroom(group: Graded, names: Names) -> Classroom:
    """Read all results, each once, and put together what the page shows of them, in an order that tells nothing."""
    seen = _Seen()
    unlisted = set(group.absences.unlisted)
    for member in sorted(group.roll, key=lambda member: names.name(member.id)):
        result = _read(group, member)
        if result is None:
            fault = member.fault or ("" if member.refused else _("its result is gone; run the batch again."))
            row = Row(
                name=names.name(member.id),
                student=names.student(member.student),
                refused=names.sentence(translate(member.refused, group.language)),
                fault=names.sentence(fault),
                counts=member.counts,
            )
            seen.rows.append(row)
        else:
            _take(seen, names.result(result), member, names.student(member.student), member.id in unlisted)
    seen.rows.sort(key=lambda row: (not row.fault and not row.faults, not row.refused))
    settings = group.settings
    return Classroom(
        title=_(settings.title),
        tasks=seen.tasks,
        rows=seen.rows,
        links={row.name: names.link(row.name) for row in seen.rows if row.graded},
        items=seen.items.items,
        clusters=seen.clusters.largest(MOST_CLUSTERS),
        similarity=compare_class(group.journal, seen.counting, names) if len(seen.counting) > 1 else None,
        decided=[*seen.decided, *(_without_effect(decision, names) for decision in group.idle)],
        missing=group.absences.missing,
        unclear=group.absences.unclear,
        unlisted=[names.name(id) for id in group.absences.unlisted],
        finished=group.finished,
        pseudonymous=names.pseudonymous,
        model=_describe_model(settings),
    )


def _describe_model(settings: Settings) -> str:
    model = Path(settings.model).name
    return _("{model} on {device}", model=model, device=settings.device) if settings.model else ""


def _take(seen: _Seen, recorded: Result, member: Member, student: str, unlisted: bool) -> None:
    """Take in one result, which is in English, in the language that is spoken now."""
    result = translate_result(recorded, current())
    flags = [*_flags(result, member), *([Flag(_("not on the roster"))] if unlisted else [])]
    seen.rows.append(_row(result, member, student, name_next_step(recorded, current()), flags))
    seen.tasks = seen.tasks or [
        Task(task.name, tidy(sum(check.max_points for check in task.checks))) for task in result.tasks
    ]
    name = result.submission.id
    for check in result.checks():
        if check.override:
            seen.decided.append(_decided(name, check.title, check, check.override))
    for line in result.rubric:
        if line.override:
            seen.decided.append(_decided(name, line.criterion, line, line.override))
    if member.counts:
        seen.counting.append(member.id)
        seen.items.add(result, {check.id for check in recorded.checks() if unimportable(check)})
        seen.clusters.add(translate_result(told_once(recorded), current()))


def _row(result: Result, member: Member, student: str, next_step: str, flags: Sequence[Flag]) -> Row:
    return Row(
        name=result.submission.id,
        student=student,
        score=result.score,
        max_score=result.max_score,
        tasks=[(task.points, task.max_points) for task in result.tasks],
        training_s=result.training.seconds if result.training else None,
        checks_s=sum(check.duration_s for check in result.checks()),
        next_step=next_step,
        faults=[f"{check.title}: {check.message}" for check in result.harness_faults()],
        counts=member.counts,
        flags=flags,
    )


def _flags(result: Result, member: Member) -> list[Flag]:
    flags = []
    if not member.counts:
        flags.append(Flag(_("attempt {attempt}: does not count", attempt=member.attempt)))
    if result.late and (result.late.points or (result.delivery and result.delivery.marked_late)):
        off = wording.points(result.late.points)
        word = _("late: {points} off", points=off) if result.late.points else _("late")
        flags.append(Flag(word, "late", result.late.note))
    by_hand = [*(one.override for one in result.checks()), *(one.override for one in result.rubric)]
    if any(by_hand):
        flags.append(Flag(_("by hand: {count}", count=sum(map(bool, by_hand))), "hand"))
    return flags


def _decided(name: str, title: str, one: CheckResult | RubricLine, override: Override) -> Decided:
    level = one.level if isinstance(one, RubricLine) else ""
    after = wording.score(one.points, one.max_points) if one.max_points else level
    return Decided(name, title, wording.points(override.points_before), after, override.comment)


def _without_effect(decision: Decision, names: Names) -> Decided:
    after = _("no result, so it changes nothing")
    return Decided(names.name(decision.submission), decision.target, "–", after, names.sentence(decision.comment))


def _read(group: Graded, member: Member) -> Result | None:
    if member.refused or member.fault:
        return None
    try:
        return decode((group.out / member.id / "result.json").read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
