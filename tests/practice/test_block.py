"""The list of ticks as text: what stays, what changes, and that nobody's words are lost."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.practice.block import BEGIN, END, Tick, advance, read_ticks, write_ticks

TITLES = ["Formatting · Formato", "LoRA (8 bits)"]
MONDAY, TUESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)
TICKS = {TITLES[0]: Tick(MONDAY), TITLES[1]: Tick(MONDAY, broken=TUESDAY)}


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("- [")]


def test_a_file_without_a_list_gets_one_at_its_end() -> None:
    text = write_ticks("# Mine\nno newline here", TITLES, {})
    assert text.startswith(f"# Mine\nno newline here\n\n{BEGIN}\n")
    assert lines_of(text) == [f"- [ ] {title}" for title in TITLES]
    assert text.endswith(f"\n{END}\n")


def test_what_was_written_is_read_back() -> None:
    text = write_ticks("", TITLES, TICKS)
    assert read_ticks(text, TITLES) == TICKS
    assert write_ticks(text, TITLES, TICKS) == text


def test_a_broken_goal_keeps_its_date_and_says_since_when() -> None:
    assert lines_of(write_ticks("", TITLES, TICKS)) == [
        "- [x] Formatting · Formato (2026-11-23)",
        "- [x] LoRA (8 bits) (2026-11-23; broken since 2026-11-24 · falla desde 2026-11-24)",
    ]


@pytest.mark.parametrize(
    ("before", "holds", "after"),
    [
        (None, True, Tick(FRIDAY)),
        (None, False, None),
        (None, None, None),
        (Tick(MONDAY), True, Tick(MONDAY)),
        (Tick(MONDAY), False, Tick(MONDAY, broken=FRIDAY)),
        (Tick(MONDAY), None, Tick(MONDAY)),
        (Tick(MONDAY, broken=TUESDAY), True, Tick(MONDAY)),
        (Tick(MONDAY, broken=TUESDAY), False, Tick(MONDAY, broken=TUESDAY)),
        (Tick(MONDAY, broken=TUESDAY), None, Tick(MONDAY, broken=TUESDAY)),
        (Tick(None), False, Tick(None)),
        (Tick(None), True, Tick(FRIDAY)),
    ],
)
def test_a_tick_never_goes_back_silently(before: Tick | None, holds: bool | None, after: Tick | None) -> None:
    ticks = {} if before is None else {"goal": before}
    reached = {} if holds is None else {"goal": holds}
    assert advance(ticks, reached, FRIDAY) == ({} if after is None else {"goal": after})


def test_a_tick_made_by_hand_stays_until_its_goal_is_reached() -> None:
    text = write_ticks("", TITLES, {}).replace("- [ ] LoRA", "- [X] LoRA")
    ticks = read_ticks(text, TITLES)
    assert ticks == {TITLES[1]: Tick(None)}
    assert "- [x] LoRA (8 bits)\n" in write_ticks(text, TITLES, ticks)


def test_what_a_student_wrote_into_the_list_moves_below_it_and_stays() -> None:
    text = write_ticks("", TITLES, TICKS)
    text = text.replace("- [x] Formatting · Formato (2026-11-23)", "- [x] Formatting · Formato (2026-11-23) ask Ana!")
    text = text.replace(f"\n{END}", f"my own line\n\n\n    and code\n{END}")
    once = write_ticks(text, TITLES, {})
    own = "- [x] Formatting · Formato (2026-11-23) ask Ana!\nmy own line\n\n\n    and code\n"
    assert f"- [ ] LoRA (8 bits)\n\n{own}\n{END}" in once
    assert write_ticks(once, TITLES, {}) == once


def test_a_date_that_is_none_is_somebodys_own_text() -> None:
    text = write_ticks("", TITLES, {}).replace("- [ ] LoRA (8 bits)", "- [x] LoRA (8 bits) (2026-02-31)")
    assert read_ticks(text, TITLES) == {}
    assert "(2026-02-31)" in write_ticks(text, TITLES, {})


@pytest.mark.parametrize("text", [f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n" * 2])
def test_markers_that_are_no_pair_are_refused_with_the_way_to_mend_them(text: str) -> None:
    with pytest.raises(UsageError, match="delete all of these lines"):
        write_ticks(text, TITLES, {})


def test_a_marker_inside_a_sentence_is_no_marker() -> None:
    note = f"The line `{BEGIN}` is where it begins.\n"
    assert write_ticks(note, TITLES, {}).startswith(note)


notes = st.text(st.characters(codec="utf-8"), max_size=60).filter(lambda text: "progress:" not in text)


@given(above=notes, below=notes, crlf=st.booleans(), ticks=st.sampled_from([{}, TICKS]))
def test_every_byte_outside_the_list_stays(above: str, below: str, crlf: bool, ticks: dict[str, Tick]) -> None:
    end = "\r\n" if crlf else "\n"
    above, below = f"\ufeff{above}{end}", f"{end}{below}"
    text = f"{above}{BEGIN}{end}{END}{below}"
    written = write_ticks(text, TITLES, ticks)
    assert written.startswith(f"{above}{BEGIN}{end}")
    assert written.endswith(f"{END}{below}")
    assert read_ticks(written, TITLES) == ticks
    inside = written.removeprefix(above).removesuffix(below)
    assert inside.count("\r\n") == (inside.count("\n") if crlf else 0)


@given(before=notes)
def test_a_list_added_at_the_end_changes_nothing_before_it(before: str) -> None:
    assert write_ticks(before, TITLES, TICKS).startswith(before)
