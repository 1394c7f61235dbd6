"""The lesson's four pitfalls, seen in the judge's numbers: which one, its cause in this run, its cure.

The numbers decide. The student's log only adds how many optimizer steps it speaks of and which rates, as a claim.
"""

import re

from grader.results import Measure, Outcome, Pitfall
from grader.training.calibration import Calibration
from grader.training.history import Record, claimed_rates, claimed_steps
from grader.training.numbers import TunedNumbers
from grader.training.rows import RunRows
from grader.training.run import TrainingRun

STUCK = 0.90  # last over first training loss, as in the lab's `diagnose`
FORGOTTEN = 1.10  # neutral loss after over before, as in the lab's `diagnose`
FEW_STEPS = 30  # 20 rows for 3 epochs make 60 steps one by one, 15 in fours
LOW_RATE = (
    3e-5  # a tenth of the lowest rate that adopts a voice from 20 rows; even a linear decay averages half its peak
)
OUT_OF_MEMORY = re.compile(r"out of memory|MemoryError|allocate memory", re.IGNORECASE)


def find_failure(run: TrainingRun, diverged: bool = False) -> list[Pitfall]:
    """Name the pitfall of a run that left no adapter to judge, where there is one."""
    if OUT_OF_MEMORY.search(run.error):
        cause = "The run asked for more memory than a worker has."
        cure = "Reduce the batch size or max_length, load the model in 8 bits, or use gradient checkpointing."
        return [Pitfall(code="out_of_memory", title="Out of memory", cause=cause, cure=cure)]
    if diverged:
        cause = "The numbers of the adapter, or of the model with it, are no longer finite: the training diverged."
        cure = "Lower the learning rate (5e-4 suits this exercise) and clip gradients to a norm of 1."
        return [Pitfall(code="poor_convergence", title="Poor convergence", cause=cause, cure=cure)]
    return []


def find_pitfalls(
    run: TrainingRun, tuned: TunedNumbers, measures: dict[str, Measure], calibration: Calibration, rows: RunRows
) -> list[Pitfall]:
    """Name the pitfalls that the measures show, worst first."""
    if run.outcome is not Outcome.PASSED:
        return []
    found = [
        _poor_convergence(run.history, tuned, measures["training_loss"], len(rows.train)),
        _overfitting(measures["overfitting_gap"], calibration),
        _forgetting(measures["forgetting"], calibration),
    ]
    return [pitfall for pitfall in found if pitfall]


def _poor_convergence(history: list[Record], tuned: TunedNumbers, loss: Measure, rows: int) -> Pitfall | None:
    before, after = loss.base or 0.0, loss.tuned or 0.0
    if after <= STUCK * before:
        return None
    went = f"The loss on the training rows went from {before:.2f} to {after:.2f} only."
    cause = f"{went} {_why_stuck(history, tuned)}"
    cure = (
        f"Take more optimizer steps: with batches of 1 and no accumulation, {rows} rows and 3 epochs make {3 * rows}. "
        "Keep the warm-up at a tenth of the steps at most, and use a learning rate near 5e-4."
    )
    return Pitfall(code="poor_convergence", title="Poor convergence", cause=cause, cure=cure)


def _why_stuck(history: list[Record], tuned: TunedNumbers) -> str:
    """Explain from the claimed steps and, independently, from how far the largest entry of B moved from zero."""
    if tuned.adapter.moved == 0:
        return "No optimizer step changed the adapter: its B matrices are still zero."
    steps = claimed_steps(history)
    if steps is None:
        return (
            f"No entry of B moved by more than {tuned.adapter.moved:.0e} in the run: too few steps or too low a rate."
        )
    pace = tuned.adapter.moved / steps
    if steps < FEW_STEPS and (pace < LOW_RATE or _still_rising(claimed_rates(history))):
        return (
            f"The log speaks of only {steps} optimizer steps, and the warm-up is longer than the run: "
            f"the weights moved by about {pace:.0e} a step, so the learning rate never arrived."
        )
    if pace < LOW_RATE:
        return (
            f"The log speaks of {steps} optimizer steps, but the weights moved by about {pace:.0e} a step: "
            "the learning rate is too low."
        )
    return (
        f"The log speaks of {steps} optimizer steps with weights moving by about {pace:.0e} each: "
        "too few, or too small, to learn the voice."
    )


def _still_rising(rates: list[float]) -> bool:
    return len(rates) > 1 and rates[0] < rates[-1] == max(rates)


def _overfitting(gap: Measure, calibration: Calibration) -> Pitfall | None:
    if not _is_far_out(calibration, "overfitting_gap", gap):
        return None
    before, after = gap.base or 0.0, gap.tuned or 0.0
    cause = (
        f"The loss on held-out questions is {after:.1f} times the loss on the training rows, and was {before:.1f} times"
        " before the run: the rows were memorised."
    )
    cure = "Stop after 2 or 3 epochs, write more varied examples, or raise LoRA's dropout to 0.1."
    return Pitfall(code="overfitting", title="Overfitting", cause=cause, cure=cure)


def _forgetting(general: Measure, calibration: Calibration) -> Pitfall | None:
    if general.value <= FORGOTTEN or not _is_far_out(calibration, "forgetting", general):
        return None
    cause = f"The loss on neutral text grew to {general.value:.2f} times the base model's."
    cure = "Lower the learning rate (2e-4 to 5e-4), train for fewer steps, or mix in 10 to 20 % general examples."
    return Pitfall(code="catastrophic_forgetting", title="Catastrophic forgetting", cause=cause, cure=cure)


def _is_far_out(calibration: Calibration, name: str, found: Measure) -> bool:
    """Tell whether a value earns less than half of its band: what the reference itself shows is no pitfall."""
    band = calibration.bands.get(name)
    return band is not None and band.share(found.value) < 0.5
