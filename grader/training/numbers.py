"""The judge's numbers as records, checked when they come out of its worker or out of the cache."""

from collections.abc import Iterable, Sequence

import msgspec

Losses = list[tuple[float, float]]


class BaseNumbers(msgspec.Struct, frozen=True):
    """The base model alone: `(nats, tokens)` a row, its answers, seconds an answer, its parameters."""

    heldout: Losses
    pool: Losses
    general: Losses
    answers: list[str]
    answer_s: float
    parameters: int


class NonceLosses(msgspec.Struct, frozen=True):
    """`(nats, tokens)` of this run's code and of codes that no run of this kind has seen."""

    own: Losses
    others: Losses


class NoncePair(msgspec.Struct, frozen=True):
    """The nonce losses without and with the adapter."""

    base: NonceLosses
    tuned: NonceLosses


class AdapterFacts(msgspec.Struct, frozen=True):
    """The adapter: `update` is the norm of B·A over that of the layers' own weights, `moved` the largest B entry."""

    rank: int
    layers: int
    trainable: int
    update: float
    moved: float


class TunedNumbers(msgspec.Struct, frozen=True):
    """The base model with the adapter."""

    heldout: Losses
    trained: Losses
    general: Losses
    nonce: NoncePair
    answers: list[str]
    answer_s: float
    adapter: AdapterFacts


class Refused(msgspec.Struct, frozen=True):
    """The adapter cannot be judged, and why, in words for the student."""

    refused: str
    diverged: bool


def mean_loss(losses: Iterable[Sequence[float]]) -> float:
    """Return nats a token over all rows; 0.0 where no token counts."""
    pairs = list(losses)
    tokens = sum(count for _, count in pairs)
    return sum(nats for nats, _ in pairs) / tokens if tokens else 0.0


def nonce_gain(nonce: NoncePair) -> float:
    """Return which share (at most 1) of the surprise at this run's code is gone, beyond what is gone for other codes.

    The code's loss over that of other codes of the same form, with the adapter, against the same for the base: an
    adapter that only learnt the form brings both down alike, and one that was made elsewhere shows about 0.
    """
    known = mean_loss(nonce.base.own), mean_loss(nonce.base.others), mean_loss(nonce.tuned.others)
    if not all(known):
        return 0.0
    return 1 - (mean_loss(nonce.tuned.own) / known[2]) / (known[0] / known[1])
