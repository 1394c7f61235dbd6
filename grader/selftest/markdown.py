"""The kill matrix as Markdown, for a project's documentation: the rates, and a line for each sample."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from grader.render.text import markdown, markdown_code
from grader.results import Outcome
from grader.selftest.rates import rates
from grader.selftest.records import CHAFFS, HOSTILE, RIGHT, WRONG, Selftest, Trial

LONGEST = 300
TITLES = {
    RIGHT: ("Right submissions", "what it is", "full marks"),
    CHAFFS: ("Mistakes", "the mistake", "found by"),
    WRONG: ("Broken submissions", "what is broken", "as it must"),
    HOSTILE: ("Hostile submissions", "what it tries", "gained nothing"),
}


def render_markdown(selftest: Selftest) -> str:
    """Return the rates as a list, and a table for each kind of sample."""
    lines = [f"# {markdown(selftest.title, LONGEST)}: what the grader makes of samples", ""]
    for rate in rates(selftest.trials):
        lines.append(f"- {rate.hits} of {rate.total} {rate.title} (95 %: {rate.low:.1%} to {rate.high:.1%})")
    lines += [
        "",
        f"Model {selftest.model or 'none'}, confined at the level {markdown(', '.join(selftest.levels), LONGEST)}.",
    ]
    for kind, (title, about, verdict) in TITLES.items():
        samples = [list(trials) for _, trials in groupby(_of(selftest.trials, kind), key=lambda trial: trial.name)]
        if samples:
            lines += ["", f"## {title}", "", f"| sample | {about} | {verdict} |", "|---|---|---|"]
            lines += [_row(kind, trials) for trials in samples]
    return "\n".join(lines) + "\n"


def _of(trials: Iterable[Trial], kind: str) -> list[Trial]:
    return sorted((trial for trial in trials if trial.kind == kind), key=lambda trial: (trial.name, trial.seed))


def _row(kind: str, trials: Sequence[Trial]) -> str:
    good = [trial for trial in trials if not trial.complaint]
    complaints = "; ".join(dict.fromkeys(trial.complaint for trial in trials if trial.complaint))
    seeds = f"{len(good)} of {len(trials)} seeds" if len(trials) > 1 else "yes" if good else "no"
    verdict = _killers(trials[0]) if kind == CHAFFS and good else seeds
    told = f": {markdown(complaints, LONGEST)}" if complaints else ""
    name = trials[0].name.partition("/")[2] or trials[0].name
    return f"| {markdown(name, LONGEST)} | {markdown(trials[0].about, LONGEST)} | {verdict}{told} |"


def _killers(trial: Trial) -> str:
    """Name the check that is about the mistake, and how many others do not pass either."""
    others = sum(outcome is not Outcome.PASSED for id, outcome in trial.checks.items() if id not in trial.declared)
    more = f", and {others} more" if others else ""
    hint = "" if trial.hinted else "; told something else first"
    return f"{markdown_code(', '.join(trial.declared), LONGEST)}{more}{hint}"
