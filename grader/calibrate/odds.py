"""How often the bands are wrong: right runs that lose a point, wrong ones that lose none."""

from collections.abc import Mapping, Sequence

from grader.calibrate.records import RIGHT, Run
from grader.calibrate.statistics import rate_interval
from grader.results import Outcome
from grader.training.calibration import Band, Odds


def find_odds(runs: Sequence[Run], bands: Mapping[str, Band]) -> Odds:
    """Count the errors of the bands over the runs they were set from, with the upper ends of 95 % intervals.

    A narrow run is repeated once with another seed, so that chance alone costs a right submission points only when it
    strikes twice: the odds of that are the square of one run's.
    """
    right = [run for run in runs if run.kind == RIGHT]
    wrong = [run for run in runs if run.kind != RIGHT]
    lost = sum(loses(run, bands) for run in right)
    passed = sum(not loses(run, bands) for run in wrong)
    once = rate_interval(lost, len(right))[1]
    return Odds(
        right_runs=len(right),
        right_lost=lost,
        right_lost_once_at_most=_round(once),
        right_lost_twice_at_most=_round(once**2),
        wrong_runs=len(wrong),
        wrong_passed=passed,
        wrong_passed_at_most=_round(rate_interval(passed, len(wrong))[1]) if wrong else 1.0,
    )


def loses(run: Run, bands: Mapping[str, Band]) -> bool:
    """Return whether a run loses points: on any measure if it is right, else on the one it is meant to lose on."""
    if run.outcome is not Outcome.PASSED:
        return True
    names = bands if run.kind == RIGHT else {run.kind}
    return any(bands[name].share(run.values[name]) < 1 for name in names if name in bands)


def _round(rate: float) -> float:
    return float(f"{rate:.2g}")
