"""What is known of one submission: its checks and its training run, each with the facts that it was found out under."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from grader.facts import Facts, changed
from grader.results import CheckResult, Plain, SandboxInfo, TrainingResult, write_atomically
from grader.worker.confine import Level


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The checks of a submission. `sources` are the hashes of the checks that were run, by id."""

    facts: Facts
    sources: dict[str, str]
    results: list[CheckResult]
    sandbox: SandboxInfo
    environment: dict[str, Plain]


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """The training run of a submission."""

    facts: Facts
    result: TrainingResult
    sandbox: SandboxInfo


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of one submission. A harness error is never kept: the next run decides anew."""

    checked: Checked | None = None
    trained: Trained | None = None


def read_record(path: Path) -> Record:
    """Read a record; one that is missing, damaged or of another form is empty."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record, strict=True)
    except (OSError, msgspec.MsgspecError):
        return Record()


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all."""
    write_atomically(path, msgspec.json.encode(record))


def valid_checks(record: Record, facts: Facts, sources: Mapping[str, str], unconfined: bool) -> dict[str, CheckResult]:
    """Return those results that still hold. Results without confinement count only where that is allowed."""
    kept = record.checked
    if kept is None or not _holds(kept, facts, unconfined):
        return {}
    return {
        result.id: result
        for result in kept.results
        if result.id in sources and kept.sources.get(result.id) == sources[result.id]
    }


def valid_training(record: Record, facts: Facts, unconfined: bool) -> TrainingResult | None:
    """Return the training run, where it still holds."""
    kept = record.trained
    return kept.result if kept and _holds(kept, facts, unconfined) else None


def _holds(kept: Checked | Trained, facts: Facts, unconfined: bool) -> bool:
    return kept.facts == facts and (unconfined or kept.sandbox.level != Level.PROCESS)


def explain_checks(record: Record, facts: Facts, sources: Mapping[str, str], unconfined: bool) -> list[str]:
    """Say in words why checks must run (again); nothing where none must."""
    kept = record.checked
    if kept is None:
        return ["it has no kept results"]
    if kept.facts != facts:
        return changed(kept.facts, facts)
    if kept.sandbox.level == Level.PROCESS and not unconfined:
        return ["its results were made without confinement"]
    known = {result.id for result in kept.results}
    edited = [f"{id}: the check changed" for id in sources if id in known and kept.sources.get(id) != sources[id]]
    return edited + [f"{id}: not decided yet" for id in sources if id not in known]


def explain_training(record: Record, facts: Facts, unconfined: bool) -> list[str]:
    """Say in words why the training run must happen (again); nothing where it need not."""
    kept = record.trained
    if kept is None:
        return ["it has no kept training run"]
    if kept.facts != facts:
        return changed(kept.facts, facts)
    if kept.sandbox.level == Level.PROCESS and not unconfined:
        return ["its training run was made without confinement"]
    return []
