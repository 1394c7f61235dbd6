"""Which submissions of a class share more than the class does: one index of fingerprints, no comparison two by two."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SHARE = 0.3  # of either one's fingerprints
LEAST_SHARED = 12  # fingerprints: some sixty tokens
MOST_OWNERS = 100  # what so many have written is nobody's, however large the class
FEWEST_OWNERS = 5  # and what so few have is not yet what everybody writes, however small it is

Hashes = NDArray[np.uint64]
Owners = NDArray[np.int32]


@dataclass(frozen=True)
class Pair:
    """Two submissions by their numbers, the distinct fingerprints that both have, and their share of each one's own."""

    left: int
    right: int
    shared: int
    left_share: float
    right_share: float


@dataclass(frozen=True)
class Found:
    """The pairs that share most, most first; how many there are in all; and how often a fingerprint is common."""

    pairs: list[Pair]
    total: int
    common: int


def find_pairs(prints: Sequence[Hashes], most: int) -> Found:
    """Return the `most` pairs that share most, given each submission's distinct fingerprints.

    A fingerprint that over half of the class has (at least 5 others', at most 100 submissions) is taken out first.
    Memory: twelve bytes a fingerprint. Time: for each submission, those who share a fingerprint with it.
    """
    common = max(FEWEST_OWNERS, min(len(prints) // 2, MOST_OWNERS))
    own, groups = _group(prints, common)
    groups_of: list[list[Owners]] = [[] for _ in prints]
    for group in groups:
        for owner in group:
            groups_of[owner].append(group)
    best: list[tuple[float, int, int, Pair]] = []
    total = 0
    for left, mine in enumerate(groups_of):
        for pair in _partners(left, mine, own):
            total += 1
            entry = (max(pair.left_share, pair.right_share), pair.shared, -total, pair)
            heapq.heappushpop(best, entry) if len(best) == most else heapq.heappush(best, entry)
    return Found([pair for *_, pair in sorted(best, key=lambda entry: entry[:3], reverse=True)], total, common)


def _group(prints: Sequence[Hashes], common: int) -> tuple[NDArray[np.int64], list[Owners]]:
    """Return how many fingerprints each has that are not common, and for each that several share, who they are."""
    if not any(len(hashes) for hashes in prints):
        return np.zeros(len(prints), np.int64), []
    owners = np.repeat(np.arange(len(prints), dtype=np.int32), [len(hashes) for hashes in prints])
    hashes = np.concatenate(prints)
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    sizes = np.diff(np.r_[starts, len(hashes)])
    own = np.bincount(owners[np.repeat(sizes <= common, sizes)], minlength=len(prints))
    several = (sizes >= 2) & (sizes <= common)
    places = zip(starts[several], sizes[several], strict=True)
    return own, [owners[start : start + size] for start, size in places]


def _partners(left: int, groups: Sequence[Owners], own: NDArray[np.int64]) -> list[Pair]:
    """Return the pairs of one submission with those behind it that share enough."""
    if not groups:
        return []
    shared = np.bincount(np.concatenate(groups), minlength=len(own))
    shared[: left + 1] = 0
    pairs = []
    for right in np.flatnonzero(shared >= LEAST_SHARED):
        count = int(shared[right])
        pair = Pair(left, int(right), count, count / int(own[left]), count / int(own[right]))
        if max(pair.left_share, pair.right_share) >= LEAST_SHARE:
            pairs.append(pair)
    return pairs
