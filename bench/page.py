"""docs/benchmarks.md, made from bench/results/: `python -m bench.page > docs/benchmarks.md`; a test compares them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.adversaries import Duel
from bench.batch import Throughput
from bench.classroom import Classroom
from bench.counts import Count
from bench.overhead import Overhead
from bench.pairs import Pair, Row
from bench.profiles import Part
from bench.scaling import Scale
from bench.stages import Stage
from bench.training import Trained

RESULTS = Path(__file__).parent / "results"
HEAD = """# Benchmarks

Every figure is a ratio of things that ran in turn on one machine in one run of `tox -e bench`, never a time alone:
the seconds beside it are that machine's. This page is made from `bench/results/` by
`python -m bench.page > docs/benchmarks.md`. `tox -e bench -- batch` repeats one suite, and installs the peers first.
"""
MISSING = """
## Not measured, and not met

- The whole lab in the student's loop takes 19 s on two cores where 15 were asked for; 7 s of them are the libraries'
  imports, half of that torch's own (the profile above).
- A training run of the reference takes 3.6 times the float32 floor where 2 were asked for. One example a step, which 60
  steps of twenty pairs need, makes narrow matrices: their products take three quarters of the time, at less
  than half the rate of square ones. The bfloat16 units are not used: they need the weights in bfloat16, in which a
  step takes eighteen times as long on processors without such units (`docs/decisions/0010`).
- The lesson's template as it stands takes two thirds of the reference's time, and learns next to nothing in it; with
  as many optimizer steps it takes six times as long, and its held-out loss is still the higher one.
- With training, the grader's own share is far over 10 % in week 07 itself. On `tiny-gpt2` a student's training takes a
  second, and the 99 checks twenty and more, a third of it on examples for the formatting task. On `smollm2-135m` checks
  and judge together take more than the training does, each by itself less.
- In the class of week 07 two of 243 mistakes were not found by the check that is about them, with that class's seed:
  the end that the library's collator hides, and thirty epochs. Both are told by other measures since
  (docs/selftest.md); that class has not been run again.
- Anything on a GPU: there is no suite for it yet.
- Nothing here ran on another machine than one of two cores without a GPU.
"""


class Section(NamedTuple):
    """What a suite's table says; `row` reads its rows."""

    title: str
    text: str
    row: type[Pair | Throughput | Duel | Trained | Count | Stage | Part | Overhead | Scale | Classroom]


SECTIONS = {
    "student": Section(
        "The student's loop",
        "Two properties of the formatting task, sixty examples each, in `pytest labs/week07` and in a bare pytest\n"
        "file. Torch is imported in neither. At most 1.5 was asked for. And all visible checks of the lab, trained\n"
        "models included, beside the time that their libraries take to be imported; under 15 s was asked for.",
        Pair,
    ),
    "worker": Section(
        "A worker",
        "From asking for a worker to its end, forked from the warm server and confined, against a fresh process\n"
        "that imports the same libraries.",
        Pair,
    ),
    "training": Section(
        "A training run",
        "The reference on `smollm2-135m`, 20 pairs and 3 epochs, against the lesson's own template, repaired just\n"
        "enough to run without a GPU, and against the floor: 4 FLOP for each parameter and token, at the\n"
        "rate of products of 2048 by 2048 matrices here. All in one process, in turn, with a worker's settings.\n"
        "Its tokens are those of three epochs. Twice as fast as the template at a held-out loss no worse, and twice\n"
        "the float32 floor, were asked for.",
        Trained,
    ),
    "stages": Section(
        "Where the time of a grading goes",
        "One grading of the reference, all checks, the training run and the judge, by stage. Starting is once for a\n"
        "class and no part of the shares. The base model's own numbers are kept from before.",
        Stage,
    ),
    "profiles": Section(
        "Where the time goes inside",
        "What the student's loop imports, by the modules of each package; the checks of week 07 on the reference, by\n"
        "task; and the operators of torch in a training run of the reference, by themselves, without the Python\n"
        "around them. Each profile is of one run.",
        Part,
    ),
    "batch": Section(
        "A class",
        "A class whose modules import torch, transformers and peft, six checks each, start-up included. Ours\n"
        "grades the whole class; the peers grade a few in every round, and are scaled to the class by the better\n"
        "of one after the other and as many at once as there are cores. Every grade is compared with what it must\n"
        "be. 30 times the best peer was asked for.",
        Throughput,
    ),
    "overhead": Section(
        "A class that trains",
        "A class with one check more, which fine-tunes a small model with LoRA. In ours the training takes as long\n"
        "as that check's result says; for the peers it is timed in plain processes, as many at once as there are\n"
        "cores. All the rest is the grader's own share. Less than 10 % was asked for.",
        Overhead,
    ),
    "scaling": Section(
        "The size of a class",
        "The same six checks for classes of other sizes, with fewer at once, and on clusters on this machine; then\n"
        "the same command again, which finds everything graded. The memory is that of the batch's own process, its\n"
        "growth from the first tenth on.",
        Scale,
    ),
    "classroom": Section(
        "A class of week 07",
        "Every sample submission, some twice or more, by 500 students in the forms of six platforms and archives, 15\n"
        "of them in none: all checks, and a training run of `tiny-gpt2` where there is something to train. Then the\n"
        "same command again. Under 10 s, and memory that does not grow, were asked for. What is not as declared is\n"
        "named in `bench/results/classroom.json`.",
        Classroom,
    ),
    "adversaries": Section(
        "Adversaries",
        "What submissions that cheat get from points for exit code 0, as classroom tools give them, and from this\n"
        "grader; what else they reached or left.",
        Duel,
    ),
    "counts": Section(
        "What it does, counted",
        "These do not depend on the machine. CI holds each to its budget (`tests/bench/test_counts.py`).",
        Count,
    ),
}


def render() -> str:
    """Return the page: a section for each suite that has results."""
    sections = [_section(name, section) for name, section in SECTIONS.items() if (RESULTS / f"{name}.json").is_file()]
    return "\n".join([HEAD, *sections]) + MISSING


def _section(name: str, section: Section) -> str:
    report = json.loads((RESULTS / f"{name}.json").read_bytes())
    rows: Sequence[Row] = msgspec.convert(report["rows"], list[section.row])  # type: ignore[name-defined]
    lines = [rows[0].COLUMNS, ("---",) * len(rows[0].COLUMNS), *(row.cells() for row in rows)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    environment = report["environment"]
    versions = ", ".join(f"{package} {version}" for package, version in environment["packages"].items())
    made = f"Commit `{report['commit']}`, Python {environment['python']}, {environment['cores']} cores; {versions}."
    return f"## {section.title}\n\n{section.text}\n\n{table}\n\n{made}\n"


if __name__ == "__main__":
    print(render(), end="")
