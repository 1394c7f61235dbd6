"""`grader export-data`: from a submission or a file of pairs to what a platform takes, and what it would cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from grader.errors import LabError, SubmissionError, UsageError
from grader.grade import take_in
from grader.intake.names import show
from grader.lab import Lab, find_lab
from grader.platforms.catalog import PLATFORMS, Service
from grader.platforms.facts import Platform
from grader.platforms.files import find_mistakes, summarize, texts_of, write_rows
from grader.platforms.tokens import Counter, choose_counter
from grader.results import write_atomically
from grader.training.pairs import LARGEST, has_no_utf8, read_file, read_objects, read_pairs

PAIRS = ".jsonl"


@dataclass(frozen=True)
class Plan:
    """What a job would be: passes through the rows, dollars for a million tokens where somebody read them, and when."""

    epochs: int
    dollars: float | None
    today: date


def run_export(
    path: Path, to: Service, lab: str | None, system: str, plan: Plan, out: Path | None
) -> tuple[bytes, list[str]]:
    """Write pairs as the rows of a service to `out`; return them, and what there is to say about them.

    Raises UsageError for pairs that cannot be read or that the service would refuse; nothing is written then.
    """
    found, platform = find_lab(lab), PLATFORMS[to]
    if out is not None and out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"--out {show(out)} is the file of pairs itself; name another.")
    content, name = _read(path, found)
    written = write_rows(read_pairs(content, name), platform, _one_text(system))
    report = _report(written, show(path), platform, choose_counter(found), plan)
    if out is not None:
        _write(out, written)
        report.insert(0, f"Written: {show(out)}")
    return written, report


def run_check(path: Path, to: Service, lab: str | None, plan: Plan) -> list[str]:
    """Check a file that is in a service's form already; return what there is to say. Raises UsageError."""
    return _report(read_file(path), show(path), PLATFORMS[to], choose_counter(find_lab(lab)), plan)


def _read(path: Path, lab: Lab) -> tuple[bytes, str]:
    """Return the file of pairs at a path, or of the submission at it, and its name."""
    if path.suffix == PAIRS:
        return read_file(path), show(path)
    name = next((file for file in lab.spec.files if file.endswith(PAIRS)), None)
    if name is None:
        raise LabError(f"A submission of {lab.name} has no file of pairs; name a {PAIRS} file instead.")
    with take_in(path, lab) as submission:
        content = submission.read(name, LARGEST)
    if content is None:
        raise SubmissionError(f"{show(path)} holds no {name}; write your pairs into it, or name another file.")
    return content, name


def _write(out: Path, content: bytes) -> None:
    try:
        write_atomically(out, content)
    except OSError as error:
        raise UsageError(f"--out {show(out)} cannot be written ({error.strerror}); name another place.") from error


def _one_text(system: str) -> str:
    if system and not system.strip():
        raise UsageError("--system is blank; leave it out, or say what the assistant is.")
    if has_no_utf8(system):
        raise UsageError("--system holds bytes that are no UTF-8 text; type it again.")
    return system


def _report(content: bytes, name: str, platform: Platform, counter: Counter, plan: Plan) -> list[str]:
    if mistakes := find_mistakes(content, name, platform):
        raise SubmissionError(f"{platform.title} would refuse {name}: {summarize(mistakes)}.")
    rows = read_objects(content, name)
    tokens = {number: sum(counter.count(text) for text in texts_of(row)) for number, row in rows}
    return [
        f"{platform.title}: {len(rows)} rows that keep these rules:",
        *(f"- {rule.says} ({rule.source})" for rule in platform.rules),
        *_limits(platform, tokens),
        f"Tokens: about {sum(tokens.values()):,}, {counter.describe()}.",
        _cost(platform, sum(tokens.values()), plan),
        *platform.standing(plan.today),
    ]


def _limits(platform: Platform, tokens: dict[int, int]) -> list[str]:
    rows = [
        f"- {word} {limit.number:,} rows ({limit.source})"
        for word, limit in (("at least", platform.fewest_rows), ("at most", platform.most_rows))
        if limit
    ]
    if (most := platform.most_tokens) is None:
        return rows
    long = [number for number, count in tokens.items() if count > most.number]
    asked = f"- at most {most.number:,} tokens a row ({most.source})"
    return [*rows, asked, *([f"  By the estimate these lines have more: {_name(long)}."] if long else [])]


def _name(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:8])) + (f" and {len(lines) - 8} more" if len(lines) > 8 else "")


def _cost(platform: Platform, tokens: int, plan: Plan) -> str:
    price = platform.price
    if plan.dollars is not None:
        if not math.isfinite(plan.dollars):
            raise UsageError(f"--price {plan.dollars} is no price; give US dollars a million tokens, as 4.80.")
        dollars, of = plan.dollars, "as you gave it"
    elif price is not None:
        dollars, of = price.dollars, f"{price.model}; {price.source}; today's: {platform.price_page}"
    else:
        return f"Cost: no price is known here; read it at {platform.price_page} and give it with --price."
    total = tokens * plan.epochs * dollars / 1e6
    return f"Cost: about ${total:,.4f} for {plan.epochs} epochs at ${dollars:,.2f} a million training tokens ({of})."
