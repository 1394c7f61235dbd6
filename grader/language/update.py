"""What the catalogs should hold, extracted from the sources; `python -m grader.language` brings them up to date.

Needs the source tree: a catalog lies beside what it translates, ours in this folder, a lab's in `labs/NAME/lang`, and
that of its hidden checks in `solutions/NAME/lang`, which no student is given.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from grader.language.catalog import FOLDER, LANGUAGES, OWN
from grader.language.extraction import extract_checks, extract_hints, extract_sentences, extract_stubs, extract_titles

GRADER = OWN.parent
# The modules whose sentences stand in results, beside those that call gettext.
SPEAKERS = (
    *("training/pitfalls.py", "training/measures.py", "training/run.py", "training/select.py", "training/repeat.py"),
    *("training/judge.py", "training/adapter.py", "rubric/measured.py", "rubric/score.py", "rubric/late.py"),
    *("checks/verdict.py", "checks/run.py", "checks/plugin.py", "checks/submission.py", "worker/faults.py"),
    *("worker/inprocess.py", "worker/remote.py", "worker/watch.py", "worker/artifacts.py", "worker/loader.py"),
    *("render/told_once.py", "grade.py", "intake/submission.py", "intake/layout.py", "intake/names.py"),
    *("intake/archive.py", "intake/zips.py", "intake/tars.py", "intake/capped.py", "intake/folder.py"),
    "intake/snapshot.py",
)
_DATED = tuple(f'"{name}-' for name in ("Project", "Report", "POT", "PO", "Last", "Language", "Generated"))
_KEYWORDS = {**DEFAULT_KEYWORDS, "noop": None}
_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}

Method = Callable[..., Any] | str


def templates(project: Path) -> dict[Path, Catalog]:
    """Return by its folder what each catalog of a source tree should hold, in English."""
    found = {OWN: _collect(_own_sources(), project)} if project == GRADER.parent else {}
    for lab in sorted(project.glob("labs/*/lab.toml")):
        titles: list[tuple[Method, Path]] = [(extract_titles, lab)]
        stubs = ((extract_stubs, path) for path in sorted(lab.parent.glob("*.py")))
        found[lab.parent / FOLDER] = _collect([*titles, *stubs, *_tests(lab.parent)], project)
        solutions = project / "solutions" / lab.parent.name
        if (solutions / "tests").is_dir():
            found[solutions / FOLDER] = _collect(_tests(solutions), project)
    return found


def update(project: Path) -> Iterator[str]:
    """Write every catalog anew: new texts come in empty, old ones go. Yield each text that is not translated yet."""
    for folder, template in templates(project).items():
        for code in LANGUAGES[1:]:
            path = folder / f"{code}.po"
            catalog = read(path) if path.is_file() else Catalog(locale=code, header_comment="", fuzzy=False)
            catalog.update(template, no_fuzzy_matching=True)
            folder.mkdir(exist_ok=True)
            path.write_bytes(written(catalog))
            yield from (f"{path.relative_to(project)}: {message.id}" for message in catalog if _waits(message.string))


def read(path: Path) -> Catalog:
    """Read a catalog, strictly."""
    with path.open("rb") as stream:
        return read_po(stream, abort_invalid=True)


def written(catalog: Catalog) -> bytes:
    """Return a catalog as a .po file without dates and line numbers, which would change with every line of code."""
    stream = BytesIO()
    write_po(stream, catalog, width=120, omit_header=False, include_lineno=False, ignore_obsolete=True)
    lines = stream.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_DATED)).encode("utf-8")


def _waits(translation: str | Sequence[str] | None) -> bool:
    return not translation or not all(translation)


def _own_sources() -> Iterator[tuple[Method, Path]]:
    yield from (("python", path) for path in sorted(GRADER.rglob("*.py")))
    yield from ((extract_sentences, GRADER / name) for name in SPEAKERS)
    yield from ((babel_extract, path) for path in sorted(GRADER.glob("render/templates/*.html")))


def _tests(folder: Path) -> Iterator[tuple[Method, Path]]:
    yield from ((extract_checks, path) for path in sorted((folder / "tests").glob("*.py")))
    yield from ((extract_hints, path) for path in sorted((folder / "heldout").glob("*.toml")))


def _collect(sources: Iterator[tuple[Method, Path]] | Sequence[tuple[Method, Path]], root: Path) -> Catalog:
    catalog = Catalog(header_comment="")
    for method, path in sources:
        with path.open("rb") as stream:
            for line, message, _, context in extract(method, stream, _KEYWORDS, (), _OPTIONS):
                catalog.add(message, None, [(path.relative_to(root).as_posix(), line)], context=context)
    return catalog
