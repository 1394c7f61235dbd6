"""A class in parts that know nothing of one another, put together to what it would have been in one."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from grader.batch.command import merge
from grader.batch.shards import Shard, read_shard
from grader.errors import UsageError
from grader.intake.arrivals import Arrival
from tests.batch.classroom import RIGHT, SEED, STUB, SUMS, Classroom, timeless

PARTS = [Shard(number, 3) for number in (1, 2, 3)]


def quiet() -> Console:
    """A console that nobody reads."""
    return Console(quiet=True)


def results(classroom: Classroom) -> dict[str, object]:
    """All results of a class without their durations, by id."""
    return {path.parent.name: timeless(path) for path in sorted(classroom.out.glob("[!.]*/result.json"))}


def test_three_parts_merged_are_the_class_in_one(classroom: Classroom) -> None:
    for number, source in enumerate((RIGHT, SUMS, STUB, RIGHT, SUMS)):
        classroom.add(f"student-{number}", source)
    (classroom.folder / "broken.zip").write_bytes(b"no zip")
    graded = [job for part in PARTS for job in classroom.batch(seed=SEED, shard=part).jobs]
    assert len(graded) == len(set(graded)) == 5
    assert merge(classroom.out, quiet()) == 0
    merged, index = results(classroom), (classroom.out / "index.html").read_text()
    assert "broken" in index
    assert len([*(classroom.out / ".journal" / "fingerprints").iterdir()]) == 5
    # The whole goes on where the parts ended.
    assert classroom.batch(seed=SEED).jobs == []
    classroom.out = classroom.out.with_name("whole")
    classroom.batch(seed=SEED)
    assert merged == results(classroom)


def test_a_missing_part_is_named(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    classroom.batch(seed=SEED, shard=PARTS[0])
    classroom.batch(seed=SEED, shard=PARTS[2])
    with pytest.raises(UsageError, match=r"Part 2 of 3 is missing"):
        merge(classroom.out, quiet())


def test_parts_of_different_seeds_are_not_mixed(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    for number, part in enumerate(PARTS):
        classroom.batch(seed=number, shard=part)
    with pytest.raises(UsageError, match="another lab, seed or model"):
        merge(classroom.out, quiet())


def test_a_part_that_was_stopped_is_not_merged(classroom: Classroom) -> None:
    classroom.add("ada", RIGHT)
    for part in PARTS:
        classroom.batch(seed=SEED, shard=part)
    (PARTS[1].folder(classroom.out) / ".journal" / "roll.json").unlink()
    with pytest.raises(UsageError, match="Part 2 of 3 has not come to its end"):
        merge(classroom.out, quiet())


@given(owners=st.lists(st.text(max_size=8), max_size=30, unique=True), of=st.integers(1, 7))
def test_each_arrival_is_in_one_part_and_all_of_an_owner_in_the_same(owners: Sequence[str], of: int) -> None:
    arrivals = [
        Arrival(f"{index}-{attempt}", Path("x"), owner, attempt, None, "folder", owner=f"plain/{owner}")
        for index, owner in enumerate(owners)
        for attempt in (1, 2)
    ]
    parts = [Shard(number, of).select(arrivals) for number in range(1, of + 1)]
    assert sorted(arrival.id for part in parts for arrival in part) == sorted(arrival.id for arrival in arrivals)
    assert all(len({arrival.owner for arrival in part}) * 2 == len(part) for part in parts)


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/0", "a/b", "1/3/5", "-1/3", "1/٣٣", "²/3"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="name a part as i/n"):
        read_shard(text)


def test_a_part_is_read() -> None:
    assert read_shard("2/3") == Shard(2, 3)
