"""Inputs for the property tests of week 07: the texts that break code which only ever met "Hello world".

A property test says what holds for *every* input; Hypothesis invents the inputs from these strategies, and shrinks one
that fails to the smallest that still does. `texts()` may be empty or blank, `fields()` never are. No strategy draws
lone surrogates or byte-order marks, which the lab leaves open.
"""

from hypothesis import strategies as st

Pair = dict[str, str]

INSTRUCTION_MARKER = "### Instruction:"
RESPONSE_MARKER = "### Response:"

# Each piece has broken somebody's code: the template inside a field, text that looks like a placeholder, characters
# that str.splitlines() takes for a line's end, and characters that are more than one code point.
TROUBLE = (
    f"{INSTRUCTION_MARKER}\n",
    f"\n\n{RESPONSE_MARKER}\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x1c",
    "{input}",
    "{output}",
    "{instruction}",
    "%s",
    "\\n",
    '"',
    "😊",
    "👩‍👩‍👧",
    "🇲🇽",
    "e\u0301",  # é as two code points; the next piece is the same letter as one
    "\u00e9",
    "שלום",
    "مرحبا",
    "\u202eabc\u202c",  # a right-to-left override
    "你好",
)
WORDS = ("How", "do", "I", "return", "an", "item", "?", "Great", "question", "!", "Delivery", "takes", "days", ".")

_CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\ufeff")
_PIECES = st.sampled_from(WORDS) | st.sampled_from(TROUBLE) | st.text(_CHARACTERS, max_size=4)
_SPACE = st.sampled_from(("", "", "", " ", "\n", "\t", "  ", "\n\n", "\r\n"))


@st.composite
def texts(draw: st.DrawFn, *, long: bool = True) -> str:
    """Any text, the empty one too; one in twenty is 10,000 characters long unless `long` is false."""
    body = draw(st.sampled_from(("", " "))).join(draw(st.lists(_PIECES, max_size=6)))
    if long and body and draw(st.integers(0, 19)) == 19:
        return (body * 10_000)[:10_000]
    return draw(_SPACE) + body + draw(_SPACE)


def fields(*, long: bool = True) -> st.SearchStrategy[str]:
    """A text that is not blank: what a pair's `input` or `output` may hold."""
    visible = st.sampled_from(("a", "Sure", "é", "😊", "שלום"))
    return st.one_of(st.sampled_from(WORDS), st.tuples(texts(long=long), visible, texts(long=False)).map("".join))


def pairs(*, long: bool = True) -> st.SearchStrategy[Pair]:
    """One pair of an input and an output."""
    return st.fixed_dictionaries({"input": fields(long=long), "output": fields(long=long)})


@st.composite
def pair_lists(draw: st.DrawFn, *, min_size: int = 0, max_size: int = 12) -> list[Pair]:
    """A list of short pairs in which inputs and outputs come back, so that there are duplicates and contradictions."""
    inputs = draw(st.lists(fields(long=False), min_size=1, max_size=max(1, max_size)))
    outputs = draw(st.lists(fields(long=False), min_size=1, max_size=4))
    pair = st.fixed_dictionaries({"input": st.sampled_from(inputs), "output": st.sampled_from(outputs)})
    return draw(st.lists(pair, min_size=min_size, max_size=max_size))
