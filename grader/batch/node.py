"""A job on another machine: everything it needs to know comes as bytes, and what came of it goes back as bytes.

The course folder, the grader's code and the model have to be there already, and the same: that is compared first.
"""

import atexit
import io
import platform
import tarfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from grader.batch.jobs import Job, Report, carry_out, require_confinement
from grader.batch.settings import choose_for_class
from grader.errors import GraderError, HarnessError, SubmissionError, UsageError
from grader.facts import Facts, changed, check_facts, training_facts
from grader.grade import Grading, warm_up
from grader.lab import open_lab
from grader.worker.folders import OwnedFolder, sweep

Kind = Literal["usage", "submission", "harness"]
# The narrower kind before the wider one.
ERRORS: Mapping[Kind, type[GraderError]] = {"submission": SubmissionError, "usage": UsageError, "harness": HarnessError}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What all jobs of a batch have in common. `model` is a profile's name or a folder, "" in a lab without a run."""

    lab: str
    model: str
    device: str
    seed: int
    checking: Facts
    training: Facts
    unconfined: bool


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A job, the submission as a tar archive, and the terms."""

    terms: Terms
    job: Job
    archive: bytes


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job: its report, or the error that it ended with."""

    report: Report | None = None
    kind: Kind = "harness"
    message: str = ""


def pack(folder: Path) -> bytes:
    """Return the regular files below a folder of ours as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            content = path.read_bytes()
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def carry_out_parcel(data: bytes) -> bytes:
    """Do the job that `data` holds, with what this process keeps warm; return an encoded Answer."""
    parcel = msgspec.msgpack.decode(data, type=Parcel)
    try:
        answer = Answer(report=_carry_out(parcel))
    except GraderError as error:
        kind = next(kind for kind, error_type in ERRORS.items() if isinstance(error, error_type))
        answer = Answer(kind=kind, message=str(error))
    return msgspec.msgpack.encode(answer)


def read_answer(data: bytes) -> Report:
    """Return what came of a job. Raises what it ended with: SubmissionError, UsageError, HarnessError."""
    answer = msgspec.msgpack.decode(data, type=Answer)
    if answer.report is None:
        raise ERRORS[answer.kind](answer.message)
    return answer.report


def _carry_out(parcel: Parcel) -> Report:
    grading = _warm(msgspec.msgpack.encode(parcel.terms))
    with OwnedFolder() as folder:
        path = folder / "submission.tar"
        path.write_bytes(parcel.archive)
        return carry_out(grading, msgspec.structs.replace(parcel.job, path=str(path)))


@cache
def _warm(encoded: bytes) -> Grading:
    """Make ready once in a process, under the terms of its batch."""
    terms = msgspec.msgpack.decode(encoded, type=Terms)
    here = platform.node()
    if not Path(terms.lab).is_dir():
        raise UsageError(f"{here} has no folder {terms.lab}: the course folder has to be at the same place everywhere.")
    lab = open_lab(Path(terms.lab))
    choice = choose_for_class(lab, terms.model, terms.device)
    differing = changed(terms.checking, check_facts(lab, choice, terms.seed))
    differing += changed(terms.training, training_facts(lab, choice, terms.seed)) if choice else []
    if differing:
        raise UsageError(f"{here} would grade otherwise than this machine: {'; '.join(dict.fromkeys(differing))}.")
    sweep()
    with ExitStack() as stack:
        grading = stack.enter_context(warm_up(lab, choice, terms.seed, lambda message: None))
        require_confinement(grading.server.sandbox, here, unconfined=terms.unconfined)
        atexit.register(stack.pop_all().close)
    return grading
