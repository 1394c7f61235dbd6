"""What a fingerprint is made of, and what it is not."""

import builtins
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.similarity.fingerprints import MOST_TOKENS, NOISE, WINDOW, all_runs, fingerprint
from grader.similarity.tokens import MODULE, read_tokens

SOURCE = '''
def split(pairs, fraction=0.2):
    """Split by input."""
    inputs = sorted({pair["input"] for pair in pairs})
    chosen = set(inputs[: max(1, round(len(inputs) * fraction))])
    train = [pair for pair in pairs if pair["input"] not in chosen]
    return train, [pair for pair in pairs if pair["input"] in chosen]
'''
RENAMED = """
# all mine
def teile(daten, anteil=0.2):


    eingaben = sorted({
        p['input'] for p in daten  # every one
    })
    gewaehlt = set(eingaben[:max(1, round(len(eingaben)*anteil))])
    lernen = [p for p in daten if p['input'] not in gewaehlt]
    return lernen, [p for p in daten if p['input'] in gewaehlt]
"""
WORDS = sorted(name for name in dir(builtins) if name.isalpha() and name.islower())


def hashes(source: str, released: frozenset[int] = frozenset()) -> list[int]:
    return [one.hash for one in fingerprint({"a.py": source}, released).prints]


def test_names_layout_comments_and_docstrings_change_nothing() -> None:
    assert hashes(SOURCE) == hashes(RENAMED) != []


def test_what_the_code_does_changes_it() -> None:
    assert set(hashes(SOURCE)) != set(hashes(SOURCE.replace("sorted", "list")))


def test_each_token_knows_its_line_and_its_innermost_function() -> None:
    source = "a = 1\ndef f():\n    def g():\n        return 2\n    return g\nasync def h():\n    pass\nb = 3\n"
    places = {token.line: token.function for token in read_tokens(source)}
    assert places == {1: MODULE, 2: "f", 3: "g", 4: "g", 5: "f", 6: "h", 7: "h", 8: MODULE}


@given(
    shared=st.lists(st.sampled_from(WORDS), min_size=NOISE + WINDOW - 1, max_size=NOISE + WINDOW - 1),
    around=st.tuples(*[st.lists(st.sampled_from(WORDS), max_size=30)] * 4),
)
def test_a_shared_run_of_twenty_tokens_is_always_found(shared: list[str], around: Sequence[list[str]]) -> None:
    """The guarantee of the paper, section 3.1: t = w + k - 1."""
    sources = [" ".join([*around[side], *shared, *around[side + 2]]) for side in (0, 1)]
    assert set(hashes(sources[0])) & set(hashes(sources[1]))


def test_released_code_is_no_fingerprint_whatever_stands_around_it() -> None:
    extended = f"import os\nprint(os.name)\n{SOURCE}\nfor place in range(3):\n    print(place, end='')\n"
    own = set(hashes(extended, all_runs([SOURCE])))
    assert own
    assert not own & set(all_runs([SOURCE]))


@given(source=st.text() | st.text(alphabet="()[]{}:'\"\\\n\t #fdef=0\0\x0c\r", max_size=60))
def test_nothing_that_is_handed_in_stops_the_reading(source: str) -> None:
    prints = fingerprint({"a.py": source}, frozenset())
    assert prints.sources == [source]


@pytest.mark.parametrize("broken", ["\n)))\n", "\n'''never closed", "\n  x = 1\n z = 2\n", "\n(((\n"])
def test_what_stands_before_a_mistake_in_the_code_counts(broken: str) -> None:
    assert set(hashes(SOURCE)) <= set(hashes(SOURCE + broken))


def test_a_mountain_of_code_has_no_more_than_its_share() -> None:
    mountain = "x = y\n" * (MOST_TOKENS // 3 + 1)
    assert hashes(mountain) == hashes(mountain + SOURCE)
    assert hashes("x = y\n" * 10) != hashes("x = y\n" * 10 + SOURCE)


def test_prints_stand_in_the_order_of_their_places() -> None:
    prints = fingerprint({"a.py": SOURCE, "b.py": SOURCE}, frozenset()).prints
    assert [one.file for one in prints] == sorted(one.file for one in prints)
    assert all(re.fullmatch(r"\d+", str(one.hash)) and one.first <= one.last for one in prints)
