"""The instructor's page: a whole class in one file that loads nothing and works without its one small script."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from grader.analysis.items import ENOUGH, Item
from grader.analysis.mistakes import Cluster
from grader.language import ENGLISH, Language, speaking
from grader.render.histogram import draw_histogram
from grader.render.html import render_page
from grader.similarity.fingerprints import NOISE, WINDOW
from grader.similarity.passages import Passage

LENGTH = 240  # characters shown of a text


@dataclass(frozen=True)
class Flag:
    """A word beside a name, such as *late*, of a kind that has its colour, and the sentence behind it."""

    word: str
    kind: str = ""
    sentence: str = ""


@dataclass(frozen=True)
class Task:
    """A task's name, and its maximum where everything could be decided."""

    name: str
    max_points: float


@dataclass(frozen=True)
class Row:
    """One submission. `fault` and `refused` say why it has no score; `tasks` holds each task's points and maximum."""

    name: str
    student: str = ""
    score: float = 0.0
    max_score: float = 0.0
    tasks: Sequence[tuple[float, float]] = ()
    training_s: float | None = None
    checks_s: float = 0.0
    next_step: str = ""
    faults: Sequence[str] = ()
    fault: str = ""
    refused: str = ""
    counts: bool = True
    flags: Sequence[Flag] = ()

    @property
    def graded(self) -> bool:
        """Whether it has a score."""
        return not self.fault and not self.refused

    @property
    def share(self) -> float:
        """The score as a share of what could be decided."""
        return self.score / self.max_score if self.max_score else 0.0


@dataclass(frozen=True)
class Alike:
    """Two submissions that share code: their names, the shares of each one's own code, and where."""

    left: str
    right: str
    shared: int
    left_share: float
    right_share: float
    passages: Sequence[Passage]


@dataclass(frozen=True)
class Similarity:
    """The pairs to look at, how many there are in all, and from how many owners on a fingerprint was taken out."""

    pairs: Sequence[Alike]
    total: int
    common: int


@dataclass(frozen=True)
class Decided:
    """One decision by hand: whose, over what, from and to how many points, and the comment."""

    name: str
    title: str
    before: str
    after: str
    comment: str


@dataclass(frozen=True)
class Classroom:
    """Everything that the page shows. `links` leads from a submission's name to its report, or to its row."""

    title: str
    tasks: Sequence[Task]
    rows: Sequence[Row]
    links: dict[str, str]
    items: Sequence[Item]
    clusters: Sequence[Cluster]
    similarity: Similarity | None
    decided: Sequence[Decided] = ()
    missing: Sequence[str] = ()
    unclear: Sequence[str] = ()
    unlisted: Sequence[str] = ()
    finished: bool = True
    pseudonymous: bool = False
    model: str = ""


def render_classroom(classroom: Classroom, language: Language = ENGLISH) -> str:
    """Return the page; the table is ordered as `rows` are, and what results say in it is in that language already."""
    with speaking(language):
        return _render_classroom(classroom)


def _render_classroom(classroom: Classroom) -> str:
    graded = [row for row in classroom.rows if row.graded]
    counting = [row for row in graded if row.counts]
    style, script = _read("class.css"), _read("class.js")
    return render_page(
        "class.html",
        classroom=classroom,
        graded=graded,
        counting=counting,
        broken=[row for row in classroom.rows if row.fault or row.faults],
        refused=[row for row in classroom.rows if row.refused],
        histogram=draw_histogram([row.share for row in counting]),
        training_s=sum(row.training_s or 0.0 for row in graded),
        checks_s=sum(row.checks_s for row in graded),
        trained=[row for row in graded if row.training_s is not None],
        enough=ENOUGH,
        least_tokens=NOISE + WINDOW - 1,
        length=LENGTH,
        class_style=style,
        class_script=script,
        class_style_source=_source(style),
        class_script_source=_source(script),
    )


@cache
def _read(name: str) -> Markup:
    return Markup((files("grader.render") / "templates" / name).read_text(encoding="utf-8"))


def _source(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
