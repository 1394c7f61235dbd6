"""Whatever people call themselves, wherever they come from: one folder each, safe on every disk."""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from grader.intake.handin import Handin
from grader.intake.ids import unique_ids

labels = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"[A-Za-z0-9._ -]{1,90}", fullmatch=True),
    st.sampled_from(
        ["ada", "Ada", "ADA", "ada-attempt-2", "con", "aux.h", "index.html", "é", "e\u0301", "..", "", "\ud800"]
    ),
)
handins = st.builds(
    Handin,
    source=st.sampled_from(["canvas", "folder"]),
    owner=labels,
    label=labels,
    people=st.just(()),
    path=labels.map(lambda name: Path("x", name.replace("\x00", ""))),
    attempt=st.integers(1, 3),
)
# Each attempt of an owner is listed once, under one label.
classes = st.lists(handins, max_size=12, unique_by=(lambda h: (h.source, h.owner), lambda h: h.path.name))
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@given(classes)
@example([Handin("folder", name, name, (), Path(name)) for name in ("ada", "Ada", "ada-attempt-1", "con", "CON")])
def test_ids_are_unique_and_safe_as_folders_on_any_disk(several: list[Handin]) -> None:
    ids = unique_ids(several)
    assert len(set(ids)) == len(ids) == len(several)
    for id in ids:
        assert set(id) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
        assert id[0].isalnum()
        assert not id.endswith(".")
        assert len(id) <= 120
        assert id.partition(".")[0] not in RESERVED
        assert not id.endswith((".html", ".json", ".csv"))


@given(classes, handins)
def test_somebody_who_arrives_later_moves_only_those_with_the_same_readable_name(
    several: list[Handin], later: Handin
) -> None:
    known = {(h.source, h.owner) for h in several}
    if (later.source, later.owner) in known:
        return
    before, after = unique_ids(several), unique_ids([*several, later])
    moved = [pair for pair in zip(before, after[:-1], strict=True) if pair[0] != pair[1]]
    assert len(moved) <= 1
    assert all(new.startswith(old) for old, new in moved)
