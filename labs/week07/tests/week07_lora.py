"""A submission's adapter on models that were drawn for this grading, held against LoRA worked out by hand.

What a worker says of a model is a claim. So the model, the numbers in the adapter, the batches and the questions are
drawn from the grading's seed, and the answers compared with the oracle's, which no student's code has touched.
"""

import math
import random
from dataclasses import dataclass

from hypothesis import strategies as st
from week07_models import Parameter, adapter_size, require_peft, trainable_modules
from week07_runs import place

from grader.checks import Handle, fail

DRAWS = st.integers(0, 2**32)  # with the grading's seed, what a model and all that is asked of it are drawn from
RATE = 1e-2
_VOCABULARY = 96  # of the models that the oracle draws
_RANKS, _SCALES = (1, 256), (0.1, 64.0)

Logits = list[list[float]]


@dataclass(frozen=True)
class Attached:
    """A submission's adapter on a drawn model: the `model` in the worker, and what the oracle needs to do the same.

    `base` holds all linear layers of the drawn model with their inputs and outputs, `layers` those of them that the
    worker says are adapted.
    """

    model: Handle
    parameters: list[Parameter]
    drawn: tuple[str, str]
    bits: int | None
    base: dict[str, tuple[int, int]]
    layers: dict[str, tuple[int, int]]
    rank: int
    scale: float

    def layers_named(self, name: str) -> dict[str, tuple[int, int]]:
        """Return the base's layers of this name, in every block."""
        return {layer: sizes for layer, sizes in self.base.items() if layer.endswith(f".{name}")}

    def chance(self, purpose: str) -> random.Random:
        """Return the source of this adapter's random inputs."""
        return random.Random(f"{purpose} {self.drawn}")


def attach(submission, oracle, model_type: str, rank: int, draw: int, bits: int | None = None) -> Attached:
    """Draw a model and have the submission put its adapter on; fail the check where that is no PEFT model."""
    seed = f"{draw} of {submission.seed}"
    drawn = oracle.draw_model(model_type, seed)
    model = submission.load_model(place(submission, drawn["files"]), bits=bits)
    config = submission.lora_config.make_lora_config(model_type, rank=rank)
    tuned = require_peft(submission.lora_config.attach_adapter(model, config))
    parameters = submission.parameters(tuned)
    base = {name: tuple(sizes) for name, sizes in drawn["layers"].items()}
    layers = {name: base[name] for name in trainable_modules(parameters) if name in base}
    ranks = {lengths[0] for name, lengths, _, _ in parameters if ".lora_A." in name}
    if not layers or len(ranks) != 1 or not _RANKS[0] <= min(ranks) <= _RANKS[1]:
        fail("The adapter's matrices are not those of plain LoRA.", returned=sorted(ranks), expected=[rank])
    return Attached(tuned, parameters, (model_type, seed), bits, base, layers, ranks.pop(), _scale_of(config))


def _scale_of(config: object) -> float:
    """Return the factor of B A from a LoraConfig's fields: alpha / r, or alpha / √r (arXiv:2312.03732)."""
    if not isinstance(config, Handle) or "LoraConfig" not in config.ancestry:
        fail("make_lora_config should return a peft.LoraConfig.", returned=config)
    scale = config.lora_alpha / (math.sqrt(config.r) if config.fields.get("use_rslora") else config.r)
    if not _SCALES[0] <= scale <= _SCALES[1]:
        fail(f"lora_alpha is {config.lora_alpha!r}; it should be twice the rank.", returned=scale, expected=2.0)
    return float(scale)


def fill(submission, oracle, attached: Attached) -> bytes:
    """Put drawn numbers into both matrices of every adapted layer; return them."""
    weights = oracle.draw_adapter(attached.layers, attached.rank, f"numbers {attached.drawn}")
    submission.set_adapter(attached.model, weights)
    return bytes(weights)


def draw_ids(attached: Attached) -> list[int]:
    """Draw a text of a few tokens."""
    chance = attached.chance("text")
    return [chance.randrange(1, _VOCABULARY) for _ in range(chance.randint(4, 12))]


def require_lora(submission, oracle, model_type: str, rank: int, draw: int) -> None:
    """Fail the check unless the submission's adapter, filled with drawn numbers, answers as LoRA does."""
    attached = attach(submission, oracle, model_type, rank, draw)
    weights, ids = fill(submission, oracle, attached), draw_ids(attached)
    expected = oracle.adapted_logits(*attached.drawn, weights, attached.scale, ids)
    require_same(submission.logits(attached.model, ids), expected, "With numbers of ours in the adapter")


@dataclass(frozen=True)
class Practice:
    """Some training steps on drawn batches: what the worker says of them, and what the oracle found."""

    attached: Attached
    ids: list[int]
    claimed: dict[str, list]
    losses: list[float]
    logits: Logits


def practise(submission, oracle, attached: Attached, steps: int = 4) -> Practice:
    """Train the adapter from drawn numbers on drawn batches, in the worker and by the oracle."""
    weights, ids, chance = fill(submission, oracle, attached), draw_ids(attached), attached.chance("batches")
    rows = [[chance.randrange(1, _VOCABULARY) for _ in range(8)] for _ in range(steps)]
    batches = [{"input_ids": [row], "attention_mask": [[1] * 8], "labels": [row]} for row in rows]
    claimed = submission.train_steps(attached.model, batches, RATE)
    found = oracle.train_adapter(*attached.drawn, weights, attached.scale, batches, RATE, ids, attached.bits)
    return Practice(attached, ids, claimed, found["losses"], found["logits"])


def require_training(practice: Practice) -> None:
    """Fail the check unless each step's loss is that of training the adapter and nothing else."""
    returned = practice.claimed["losses"]
    if not close([returned], [practice.losses]):
        hint = "Between two steps the adapter's matrices change, all of them, and nothing else does."
        fail("The steps are not those of training the adapter.", returned=returned, expected=practice.losses, hint=hint)


def require_same(returned: Logits, expected: Logits, when: str) -> None:
    """Fail the check where a logit is another than the oracle's."""
    if not close(returned, expected):
        shown = {"returned": returned[-1][:4], "expected": expected[-1][:4]}
        fail(f"{when}, the logits are not those of W x + (alpha / r) B A x.", **shown)


def close(returned: Logits, expected: Logits, within: float = 2e-3) -> bool:
    """Tell whether two tables of numbers are the same up to rounding; NaN is close to nothing.

    float32 sums in another order differ by about 1e-5 here; steps and adapters move the numbers by more than 0.1.
    """
    rows = zip(returned, expected, strict=True)
    return all(abs(a - b) <= within for left, right in rows for a, b in zip(left, right, strict=True))


def measure_fraction(submission, oracle, rank: int, draw: int, bits: int | None = None) -> tuple[object, float]:
    """Return what trainable_fraction says of a drawn GPT-2 with an adapter of PEFT's own, and what is right."""
    drawn = oracle.draw_model("gpt2", f"{draw} of {submission.seed}")
    model = submission.load_model(place(submission, drawn["files"]), bits=bits)
    size = adapter_size({name: sizes for name, sizes in drawn["layers"].items() if name.endswith(".c_attn")}, rank)
    returned = submission.lora_config.trainable_fraction(submission.wear_adapter(model, ["c_attn"], rank))
    return returned, size / (drawn["numbers"] + size)
