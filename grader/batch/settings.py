"""How a batch begins, and how it goes on after it was stopped: with the seed and the model that it was begun with."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.journal import Settings
from grader.batch.records import Record, valid_checks, valid_training
from grader.batch.sources import hash_checks
from grader.errors import UsageError
from grader.facts import ROOT, Facts, check_facts, hash_files, training_facts
from grader.grade import choose, draw_seed
from grader.lab import Lab
from grader.language import ENGLISH, Language
from grader.results import CheckResult, TrainingResult
from grader.training import ModelChoice

AUTO = "auto"
PAGES = ("render", "rubric", "language", "results.py")


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    lab: Lab
    model: str = AUTO
    device: str = AUTO
    seed: int | None = None
    unconfined: bool = False
    lang: str | None = None


@dataclass(frozen=True)
class Terms:
    """What this run grades under: equal for all submissions. `same_pages` tells that old pages would look the same."""

    lab: Lab
    choice: ModelChoice | None
    seed: int
    checking: Facts
    training: Facts
    sources: dict[str, str]
    same_pages: bool
    unconfined: bool
    language: Language = ENGLISH

    def check_facts(self, sha256: str) -> Facts:
        """Return all that the checks of the submission with this hash depend on, but for the checks themselves."""
        return {"the submission": sha256, **self.checking}

    def training_facts(self, sha256: str) -> Facts:
        """Return all that the training run of the submission with this hash depends on."""
        return {"the submission": sha256, **self.training}

    def valid_checks(self, record: Record, sha256: str) -> dict[str, CheckResult]:
        """Return the kept results of checks that still hold for a submission."""
        return valid_checks(record, self.check_facts(sha256), self.sources, self.unconfined)

    def valid_training(self, record: Record, sha256: str) -> TrainingResult | None:
        """Return the kept training run, where it still holds for a submission."""
        return valid_training(record, self.training_facts(sha256), self.unconfined)


def settle_terms(asked: Asked, before: Settings | None, out: Path) -> Terms:
    """Decide the seed and the model, going on with those of the run before where nothing else was asked for.

    Raises UsageError where the folder belongs to another lab or the model cannot be had.
    """
    if before and before.lab != asked.lab.name:
        raise UsageError(f"{out} holds a batch of {before.lab}; choose another folder with --out.")
    known = before.seed if before else draw_seed()
    seed = known if asked.seed is None else asked.seed
    choice = _choose(asked, before)
    language = asked.lab.language(asked.lang)
    return Terms(
        lab=asked.lab,
        choice=choice,
        seed=seed,
        checking=check_facts(asked.lab, choice, seed),
        training=training_facts(asked.lab, choice, seed) if choice else {},
        sources=hash_checks(asked.lab),
        same_pages=before is not None and before.pages == _hash_pages(language),
        unconfined=asked.unconfined,
        language=language,
    )


def settings_of(terms: Terms, *, finished: bool) -> Settings:
    """Return what the next run goes on with. Until this one has come to its end, no page counts as today's."""
    choice = terms.choice
    return Settings(
        lab=terms.lab.name,
        title=terms.lab.spec.title,
        seed=terms.seed,
        model=_name(choice),
        device=choice.device if choice else "",
        why=choice.why if choice else "",
        pages=_hash_pages(terms.language) if finished or terms.same_pages else "",
        language=terms.language.code,
    )


def _hash_pages(language: Language) -> str:
    texts = hashlib.sha256(repr(sorted(language.texts.items())).encode()).hexdigest()
    return f"{hash_files(ROOT, PAGES)} {language.code} {texts}"


def choose_for_class(lab: Lab, model: str, device: str) -> ModelChoice | None:
    """Choose the model as a single grading does, for a class."""
    choice = choose(lab, model, device)
    return for_a_class(choice) if choice else None


def for_a_class(choice: ModelChoice) -> ModelChoice:
    """Return the choice with one thread a run: a class has a submission for each core."""
    return replace(choice, threads=1)


def _choose(asked: Asked, before: Settings | None) -> ModelChoice | None:
    """Choose the model; `auto` stays with the one that it took when the batch was begun."""
    if asked.model != AUTO or asked.device != AUTO or before is None or not before.model:
        return choose_for_class(asked.lab, asked.model, asked.device)
    choice = choose_for_class(asked.lab, before.model, before.device)
    return replace(choice, why=before.why) if choice else None


def _name(choice: ModelChoice | None) -> str:
    if choice is None:
        return ""
    return choice.name if choice.profile else str(choice.folder)
