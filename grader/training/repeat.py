"""A narrow run is repeated once: chance alone shall not cost a right submission a point.

A run is narrow when it lost points, and each measure that lost some still lies between its band's ends; or when one
measure alone fell short, however far, with all that it drags down: one unlucky draw is no verdict. If a right
submission falls short in one run of n by chance, it falls short in both in about one of n².
"""

import hashlib

from msgspec.structs import replace

from grader.results import TrainingResult


def is_narrow(result: TrainingResult) -> bool:
    """Return whether a run lost points, but nowhere all of a measure's, or by one measure alone."""
    graded = [each for each in result.measurements.values() if each.points is not None]
    lost = [each for each in graded if (each.points or 0.0) < (each.max_points or 0.0)]
    short = [each for each in graded if (each.margin or 0.0) < 0]
    return bool(lost) and (all(each.points for each in lost) or len(short) == 1)


def second_seed(seed: int) -> int:
    """Return the seed of the repetition: always the same for the same first one."""
    return int.from_bytes(hashlib.sha256(f"{seed} once more".encode()).digest()[:4], "big") >> 1


def choose_better(first: TrainingResult, second: TrainingResult, seed: int) -> TrainingResult:
    """Return the run that earned more, the first where they are equal; its message and its seconds tell of both."""
    better = second if earned(second) > earned(first) else first
    message = (
        f"The first run fell narrowly short ({earned(first):g} points), so it was repeated once with seed {seed} "
        f"({earned(second):g} points). The better one counts."
    )
    seconds = round(first.seconds + second.seconds, 2)
    return replace(better, message=f"{better.message} {message}".strip(), seconds=seconds)


def earned(result: TrainingResult) -> float:
    """Return the points of a run's measures together."""
    return sum(measure.points or 0.0 for measure in result.measurements.values())
