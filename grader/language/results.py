"""A result in another language: our own words of it, field by field. What others wrote stays as it is.

result.json is the same for every reader. Which texts are whose is decided here and nowhere else: nothing that a
submission wrote is looked up, and where it stands as a value in a sentence of ours it is put into its place as it is.
"""

from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from grader.language.catalog import Language
from grader.language.current import noop
from grader.language.sentences import END
from grader.results import (
    CheckResult,
    Measure,
    Outcome,
    Pitfall,
    Result,
    RubricLine,
    TaskResult,
    TrainingResult,
    unimportable,
)

_MOST_SENTENCES = 12
_SHARE = "share"  # a unit that is no word
UNITS = noop("nats a token"), noop("times"), noop("{number} nats a token"), noop("{number} times")
# Values of sentences that are our own words: why a check waits, and what the worker guesses.
WORDS = (
    noop("failed"),
    noop("not attempted"),
    noop("blocked"),
    noop("errored"),
    noop("timed out"),
    noop("harness error"),
)
# What a worker is confined by; what is written as code is no word.
MECHANISMS = noop("namespaces"), noop("mounts"), noop("rlimits")
# How to mend a submission that is refused for its size.
MEND = noop("leave out what is not your modules, data/ or quiz.toml")
LIKELY = noop("; most often that means too much memory")


def translate_result(result: Result, language: Language) -> Result:
    """Return a result with its own words in a language; the same one in English."""
    if not language.texts:
        return result
    late = result.late and replace(result.late, note=translate(result.late.note, language))
    training = result.training
    return replace(
        result,
        tasks=translate_tasks(result.tasks, language, training.pitfalls if training else ()),
        training=training and _training(training, language),
        rubric=[_line(line, language) for line in result.rubric],
        late=late,
        sandbox=replace(result.sandbox, mechanisms=[_text(each, language) for each in result.sandbox.mechanisms]),
    )


def translate_tasks(tasks: Sequence[TaskResult], language: Language, found: Sequence[Pitfall] = ()) -> list[TaskResult]:
    """Return tasks in a language; `found` are the pitfalls of the training run, which some hints cite."""
    return [
        replace(task, title=_text(task.title, language), checks=[_check(c, language, found) for c in task.checks])
        for task in tasks
    ]


def translate(text: str, language: Language) -> str:
    """Return a text of ours in a language: whole, or sentence by sentence; what is in no catalog stays English."""
    return _translate(text, language, within=False)


def _translate(text: str, language: Language, *, within: bool) -> str:
    """Translate at most so many sentences; `within` one, words of ours hold no further ones. Both bound the work."""
    told: list[str] = []
    while text and language.texts and len(told) < _MOST_SENTENCES:
        ends = [found.start() for found in islice(END.finditer(text), _MOST_SENTENCES)]
        for end in [len(text), *reversed(ends)]:
            said = _sentence(text[:end], language, within=within)
            if said is not None:
                break
        else:
            end = ends[0] if ends else len(text)
            said = text[:end]
        told.append(said)
        text = text[end + 1 :]
    return " ".join([*told, text] if text else told)


def _sentence(text: str, language: Language, *, within: bool) -> str | None:
    if text in language.texts:
        return language.texts[text]
    found = [(one, values) for one in language.sentences if (values := one.find_values(text)) is not None]
    if not found:
        return None
    sentence, values = max(found, key=lambda pair: pair[0].letters())
    return sentence.tell(values, lambda words: words if within else _translate(words, language, within=True))


def _text(text: str, language: Language) -> str:
    return language.texts.get(text, text)


def _check(check: CheckResult, language: Language, found: Sequence[Pitfall]) -> CheckResult:
    raised = check.outcome is Outcome.ERRORED and check.example is not None and check.example.traceback is not None
    theirs = raised and not unimportable(check)
    return replace(
        check,
        title=_text(check.title, language),
        message=check.message if theirs else translate(check.message, language),
        lesson=_text(check.lesson, language),
        hint=_cited(found, language) if found and check.hint == _cited(found) else translate(check.hint, language),
    )


def _cited(found: Sequence[Pitfall], language: Language | None = None) -> str:
    shown = [_pitfall(pitfall, language) for pitfall in found] if language else found
    return " ".join(f"{pitfall.title}: {pitfall.cause}" for pitfall in shown)


def _training(training: TrainingResult, language: Language) -> TrainingResult:
    return replace(
        training,
        why_this_model=translate(training.why_this_model, language),
        message=translate(training.message, language),
        measurements={name: _measure(measure, language) for name, measure in training.measurements.items()},
        pitfalls=[_pitfall(pitfall, language) for pitfall in training.pitfalls],
    )


def _measure(measure: Measure, language: Language) -> Measure:
    return replace(
        measure,
        title=_text(measure.title, language),
        unit=measure.unit if measure.unit == _SHARE else _text(measure.unit, language),
        note=translate(measure.note, language),
    )


def _pitfall(pitfall: Pitfall, language: Language) -> Pitfall:
    return replace(
        pitfall,
        title=_text(pitfall.title, language),
        cause=translate(pitfall.cause, language),
        cure=translate(pitfall.cure, language),
    )


def _line(line: RubricLine, language: Language) -> RubricLine:
    return replace(line, criterion=_text(line.criterion, language), level=_text(line.level, language))
