"""The rubric as a page for students and graders: each success criterion, what shows it, and what the levels mean."""

from collections.abc import Iterator, Mapping, Sequence

from grader.lab import LabSpec
from grader.language import Language, ngettext, speaking, translate
from grader.language import gettext as _
from grader.rubric.criteria import DEVELOPING, LEVELS, MET, NOT_ATTEMPTED, UNDECIDED


def render_guide(spec: LabSpec, titles: Mapping[str, str], language: Language) -> str:
    """Return the rubric in Markdown. `titles` are those of the visible checks, by id; hidden ones are only counted."""
    with speaking(language):
        parts = [
            "# " + _("Feedback") + f": {translate(spec.title, language)}",
            _("How this lab is judged. Made from its lab.toml by `grader rubric`, so change that and not this page."),
        ]
        if criteria := list(_criteria(spec, titles)):
            parts += [
                "## " + _("Success criteria"),
                _table([_("Criterion"), _("Shown by"), _("Points")], criteria),
                "## " + _("Levels"),
                _table([_("Level"), _("When")], _levels()),
            ]
        parts += [
            "## " + _("Tasks"),
            _table([_("Task"), _("You see"), _("Hidden"), _("Measured"), _("Points")], _tasks(spec)),
        ]
        return "\n\n".join(parts) + "\n"


def _criteria(spec: LabSpec, titles: Mapping[str, str]) -> Iterator[list[str]]:
    manifest = spec.manifest()
    for criterion in spec.criteria:
        ids = [id for id in manifest if id in criterion.evidence or spec.task_of(id).name in criterion.evidence]
        points = sum(manifest[id] for id in ids)
        yield [_(criterion.title), "; ".join(_evidence(spec, criterion.evidence, titles)), f"{points:g}"]
    for line in spec.manual:
        yield [_(line.title), _("a person's judgement"), f"{line.points:g}" if line.points else "–"]


def _evidence(spec: LabSpec, evidence: Sequence[str], titles: Mapping[str, str]) -> Iterator[str]:
    tasks = {task.name: task for task in spec.tasks}
    hidden = 0
    for name in evidence:
        measure = name.partition(".")[2]
        if name in tasks:
            yield _("the whole task “{task}”", task=_(tasks[name].title))
        elif measure in spec.task_of(name).measures:
            yield _("measured: {measure}", measure=_(measure.replace("_", " ").capitalize()))
        elif name in titles:
            yield _(titles[name])
        else:
            hidden += 1
    if hidden:
        yield ngettext("{count} hidden check", "{count} hidden checks", hidden)


def _levels() -> list[list[str]]:
    met, developing = f"{MET:.0%}".replace("%", " %"), f"{DEVELOPING:.0%}".replace("%", " %")
    return [
        [_(LEVELS[0]), _("from {share} of the points of what shows it", share=met)],
        [_(LEVELS[1]), _("from {share} of them", share=developing)],
        [_(LEVELS[2]), _("below that")],
        [_(NOT_ATTEMPTED), _("nothing of it was begun")],
        [_(UNDECIDED), _("our own machinery failed, or a person has yet to judge; it costs nothing")],
    ]


def _tasks(spec: LabSpec) -> list[list[str]]:
    rows = []
    for task in spec.tasks:
        groups = [sum(group.values()) for group in (task.visible, task.hidden, task.measures)]
        rows.append([_(task.title), *(f"{points:g}" if points else "–" for points in groups), f"{sum(groups):g}"])
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
