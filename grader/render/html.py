"""The feedback page: one file that loads nothing, runs nothing, and reads well by day, by night and on paper."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.language import ENGLISH, Language, current, gettext, ngettext, speaking, translate_result
from grader.render import markup, wording
from grader.render.adjusted import adjustments
from grader.render.chart import draw_history
from grader.render.comparison import compare
from grader.render.hints import stage_hints, where_to_read
from grader.render.steps import next_steps, not_started
from grader.render.text import cut, one_line, visible
from grader.render.told_once import told_once
from grader.results import Outcome, Result
from grader.tracking import Tracked

MOST_BYTES = 400_000
# Characters shown of each text: the first length with which the page fits. All but hostile pages fit with the first.
_LENGTHS = (3000, 600, 120, 20)


def render_report(result: Result, language: Language = ENGLISH, tracked: Tracked | None = None) -> str:
    """Return a result as one self-contained HTML page of at most 400 KB, whatever the submission holds."""
    with speaking(language):
        return _render_report(translate_result(told_once(result), language), tracked)


def _render_report(result: Result, tracked: Tracked | None) -> str:
    page = ""
    context = {
        "result": result,
        "tracked": tracked,
        "task_titles": {check.id: task.title for task in result.tasks for check in task.checks},
        "adjusted": adjustments(result),
        "evidence_titles": {part.id: part.title for part in result.checks()} | {t.name: t.title for t in result.tasks},
    }
    for length in _LENGTHS:
        page = render_page("report.html", length=length, **context)
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def render_page(template: str, **context: object) -> str:
    """Fill in one of our templates; every text is escaped for HTML, and its control characters are spelled out."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("grader.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(gettext=_gettext, _=_gettext, ngettext=_ngettext, language=current)
    style = (files("grader.render") / "templates" / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    environment.globals.update(
        style=Markup(style),
        style_source=f"sha256-{digest}",
        Outcome=Outcome,
        labels=wording.LABELS,
        our_fault=wording.OUR_FAULT,
        stage_hints=stage_hints,
        where_to_read=where_to_read,
        next_steps=next_steps,
        not_started=not_started,
        draw_history=draw_history,
        compare=compare,
    )
    environment.filters.update(
        anchor=markup.anchor,
        cut=cut,
        one_line=one_line,
        prose=markup.prose,
        traceback=markup.traceback,
        python=markup.python,
        pieces=markup.pieces,
        highlighted=markup.highlighted,
        number=wording.number,
        points=wording.points,
        level=wording.level,
        remark=wording.remark,
        duration=wording.duration,
        count=wording.count,
        fact=wording.fact,
        to_earn=wording.to_earn,
        band=wording.band,
        checks=wording.checks,
        submissions=wording.submissions,
    )
    return environment


def _gettext(message: str, /, **values: object) -> Markup:
    """Return a text of ours as HTML; each value is made visible and escaped before it is put into its place."""
    return Markup(gettext(message)) % _escaped(values)


def _ngettext(one: str, other: str, count: int, /, **values: object) -> Markup:
    forms = ngettext(one, other, count)
    return Markup(forms) % _escaped({"count": count, **values})


def _escaped(values: dict[str, object]) -> dict[str, object]:
    return {name: escape(_finalize(value)) for name, value in values.items()}


def _finalize(value: object) -> object:
    return visible(cut(value, _LENGTHS[0])) if isinstance(value, str) and not isinstance(value, Markup) else value
