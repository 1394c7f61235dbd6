"""The rows of one run, drawn from its seed: some of the hidden voice's, and nonce rows that exist for this run only.

Nobody without the seed can foresee a nonce row, so an adapter that knows this run's code was trained in this run.
"""

import hashlib
import random
from dataclasses import dataclass

from grader.errors import LabError
from grader.training.heldout import CodeParts, Heldout, NonceTemplates, Pair, ProductParts

VOICE_ROWS = 14
VALIDATION_ROWS = 4
OTHER_CODES = 8  # enough for a steady mean of what an adapter knows of codes it never saw


@dataclass(frozen=True)
class NonceRow:
    """One nonce row for the judge: the row with this run's code, the code itself, and the codes of other runs."""

    input: str
    output: str
    code: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class RunRows:
    """What one run trains on and is asked about.

    `train` and `validation` go to the student's code. `voice` holds the indices, in the held-out pool, of the rows of
    `train` that are no nonce rows; `nonce` the judge's probes; `student_seed` the seed that fine_tune is given, from
    which this run's own cannot be computed.
    """

    train: list[Pair]
    validation: list[Pair]
    voice: list[int]
    nonce: list[NonceRow]
    student_seed: int


def draw_rows(heldout: Heldout, seed: int, count: int = VOICE_ROWS) -> RunRows:
    """Draw a run's rows, `count` of the voice: the same seed gives the same. Raises LabError for too small a pool."""
    if len(heldout.pool) < count + VALIDATION_ROWS:
        raise LabError(f"train.jsonl holds {len(heldout.pool)} rows; a run draws {count + VALIDATION_ROWS}.")
    chance = random.Random(_derive(seed, "rows"))
    indices = chance.sample(range(len(heldout.pool)), count + VALIDATION_ROWS)
    voice = sorted(indices[:count])
    product, code, others = _draw_nonce(heldout.nonce, chance)
    train = [heldout.pool[index] for index in voice] + [_fill(row, product, code) for row in heldout.nonce.train]
    chance.shuffle(train)
    return RunRows(
        train=train,
        validation=[heldout.pool[index] for index in indices[count:]],
        voice=voice,
        nonce=[_probe(row, product, code, others) for row in heldout.nonce.heldout],
        student_seed=_derive(seed, "fine_tune") % 2**31,
    )


def _draw_nonce(templates: NonceTemplates, chance: random.Random) -> tuple[str, str, tuple[str, ...]]:
    product, code = _draw_product(templates.product, chance), _draw_code(templates.code, chance)
    others: dict[str, None] = {}
    while len(others) < OTHER_CODES:
        other = _draw_code(templates.code, chance)
        if other != code:
            others[other] = None
    return product, code, tuple(others)


def _draw_product(parts: ProductParts, chance: random.Random) -> str:
    return chance.choice(parts.starts) + chance.choice(parts.middles) + chance.choice(parts.ends)


def _draw_code(parts: CodeParts, chance: random.Random) -> str:
    return " ".join(chance.sample(parts.words, parts.count))


def _fill(row: Pair, product: str, code: str) -> Pair:
    return Pair(*(text.replace("{product}", product).replace("{code}", code) for text in (row.input, row.output)))


def _probe(row: Pair, product: str, code: str, others: tuple[str, ...]) -> NonceRow:
    filled = _fill(row, product, code)
    if code not in filled.output:
        raise LabError("nonce.toml: the output of each held-out row must hold {code}.")
    return NonceRow(input=filled.input, output=filled.output, code=code, others=others)


def _derive(seed: int, purpose: str) -> int:
    """Give an independent 256-bit seed for each purpose; none tells anything of another or of the seed itself."""
    return int.from_bytes(hashlib.sha256(f"{purpose}:{seed}".encode()).digest(), "big")
