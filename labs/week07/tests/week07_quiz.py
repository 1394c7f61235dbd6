"""How the checks read quiz.toml. The right answers are not here."""

import tomllib

from grader.checks import fail, not_attempted

QUESTIONS = (
    "twelve_examples",
    "steady_voice",
    "changing_prices",
    "first_try",
    "rising_loss",
    "flat_loss",
    "lost_knowledge",
    "never_stops",
    "memory_full",
    "rank_and_alpha",
)
LETTERS = ("a", "b", "c", "d")
LARGEST = 32 * 1024  # bytes, six times the file as released: tomllib takes the square of the length of a dotted key


def read_answers(content: bytes | None) -> dict[str, str]:
    """Return the answer to each question, in lower case, "" where there is none yet.

    A missing file and one without a single answer are not attempted; a damaged one fails the check, with the place.
    """
    if content is None:
        not_attempted("There is no quiz.toml yet: copy the lab's, and fill in the letters.")
    if len(content) > LARGEST:
        fail(f"quiz.toml is over {LARGEST // 1024} KiB.", hint="Copy the lab's file anew, and fill in the letters.")
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        fail(f"quiz.toml is not UTF-8 text: byte {error.start + 1} cannot be read.", hint="Save the file as UTF-8.")
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError and no TOMLDecodeError
        hint = 'An answer is a letter in quotes: answer = "a". Compare the place with the file as you received it.'
        fail(f"quiz.toml is not valid TOML: {error}.", hint=hint)
    answers = {name: _answer(name, table.get(name)) for name in QUESTIONS}
    if not any(answers.values()):
        not_attempted("No question of quiz.toml has an answer yet.")
    return answers


def _answer(name: str, section: object) -> str:
    answer = section.get("answer", "") if isinstance(section, dict) else ""
    if not isinstance(answer, str):
        fail(f'[{name}]: the answer is {answer!r}; write one letter in quotes, as in answer = "a".')
    return answer.strip().lower()
