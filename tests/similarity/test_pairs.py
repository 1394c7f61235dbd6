"""Who shares what with whom, against a comparison of all with all and on real submissions."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.lab.folders import PROJECT
from grader.similarity.fingerprints import Prints, all_runs, fingerprint
from grader.similarity.pairs import FEWEST_OWNERS, LEAST_SHARE, LEAST_SHARED, Found, find_pairs
from grader.similarity.passages import find_passages
from tests.similarity.test_fingerprints import RENAMED, SOURCE

SAMPLES = PROJECT / "fixtures" / "submissions"
RELEASED = all_runs(path.read_text() for path in (PROJECT / "labs" / "week07").rglob("*.py"))


def compare(*sets: set[int], most: int = 50) -> Found:
    return find_pairs([np.array(sorted(one), dtype=np.uint64) for one in sets], most)


def submission(name: str) -> Prints:
    return fingerprint({path.name: path.read_text() for path in sorted((SAMPLES / name).glob("*.py"))}, RELEASED)


def hashes(prints: Prints) -> set[int]:
    return {one.hash for one in prints.prints}


@given(st.lists(st.sets(st.integers(0, 60), max_size=45), max_size=14))
def test_the_index_finds_what_comparing_all_with_all_finds(sets: list[set[int]]) -> None:
    common = max(FEWEST_OWNERS, min(len(sets) // 2, 100))
    own = [{x for x in one if sum(x in other for other in sets) <= common} for one in sets]
    expected = {
        (left, right): len(own[left] & own[right])
        for left, right in combinations(range(len(sets)), 2)
        if len(own[left] & own[right]) >= LEAST_SHARED
        and len(own[left] & own[right]) >= LEAST_SHARE * min(len(own[left]), len(own[right]))
    }
    found = compare(*sets, most=1000)
    assert {(pair.left, pair.right): pair.shared for pair in found.pairs} == expected
    assert found.total == len(expected)


def test_what_a_part_of_another_is_is_told_by_both_shares() -> None:
    [pair] = compare(set(range(20)), set(range(80))).pairs
    assert (pair.left_share, pair.right_share) == (1.0, 0.25)


def test_what_most_of_the_class_shares_is_nobodys() -> None:
    idiom = set(range(30))
    people = [idiom | set(range(100 * n, 100 * n + 20)) for n in range(1, 13)]
    assert compare(*people).pairs == []
    [pair] = compare(*people, people[4] | set(range(5000, 5005))).pairs
    assert (pair.left, pair.right, pair.shared) == (4, 12, 20)


def test_only_the_pairs_that_share_most_are_kept_and_all_are_counted() -> None:
    people = [set(range(100 * n, 100 * n + 40)) for n in range(6)]
    copies = [set(sorted(one)[: 20 + 2 * n]) for n, one in enumerate(people)]
    found = compare(*people, *copies, most=3)
    assert found.total == 6
    assert {pair.left for pair in found.pairs} <= set(range(6))
    assert len(found.pairs) == 3


def test_solutions_that_were_written_apart_are_no_pair() -> None:
    apart = [submission(name) for name in ("right/terse", "right/trl", "right/plain-loop", "demo/ada-complete")]
    assert all(len(one.prints) > 300 for one in apart)
    assert compare(*map(hashes, apart)).pairs == []


def test_a_renamed_copy_is_a_pair_and_its_passage_is_shown_in_both() -> None:
    filler = "\n".join(f"def f{n}(x):\n    return x.a{n}(x.b{n}, {n}) + x.c{n}[{n}:].d{n}()\n" for n in range(30))
    mine = fingerprint({"data.py": SOURCE}, frozenset())
    theirs = fingerprint({"own.py": filler, "split.py": f"import os\n{RENAMED}"}, frozenset())
    [pair] = compare(hashes(mine), hashes(theirs)).pairs
    assert pair.left_share == 1.0
    assert pair.right_share < 0.3
    passage = find_passages(mine, theirs, most=3, lines=2)[0]
    assert (passage.left.file, passage.left.function) == ("data.py", "split")
    assert (passage.right.file, passage.right.function) == ("split.py", "teile")
    assert passage.left.code.splitlines()[0] == SOURCE.split("\n")[passage.left.first - 1]
    assert passage.right.code.count("\n") == 1


def test_a_class_of_nobody_and_of_empty_files_has_no_pairs() -> None:
    assert compare().total == compare(set(), set()).total == 0
