"""How a test reaches a student's code: one interface, two transports (in process, and a confined worker)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol, Self

import msgspec

Amount = Annotated[int, msgspec.Meta(gt=0)]


class WorkerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker may use. The time of a call is not here: each call names its own."""

    memory_mb: Amount = 6144
    """Address space beyond what the warm server holds, in MiB."""
    scratch_mb: Amount = 256
    """Files that the student's code may write, all together, in MiB."""
    reply_mb: Amount = 8
    """One reply over the wire, in MiB."""
    output_kb: Amount = 64
    """Printed text that is kept, in KiB; the rest is read and thrown away."""

    @classmethod
    def of(cls, limits: object) -> Self:
        """Return a worker's part of a lab's limits, which have the same names."""
        return msgspec.convert(limits, cls, from_attributes=True)


class Transport(Protocol):
    """Calls functions of a submission, hands files over and takes files back.

    `call` and `probe` return plain data or a Handle, and raise the faults of `grader.worker.faults`.
    """

    def call(
        self, module: str, function: str, args: Sequence[object], kwargs: Mapping[str, object], *, seconds: float
    ) -> object:
        """Call `module.function` of the submission and return what it returned."""

    def probe(self, name: str, args: Sequence[object], kwargs: Mapping[str, object], *, seconds: float) -> object:
        """Call a trusted function of `grader.worker.probes` where the handles live."""

    def put_file(self, name: str, content: bytes) -> str:
        """Write a file that the student's code may read and not change. Returns its path there."""

    def new_folder(self, name: str) -> str:
        """Make an empty folder that the student's code may write. Returns its path there."""

    def collect(self, folder: str) -> dict[str, bytes]:
        """Read what lies in such a folder: relative POSIX path to bytes. Links and special files are refused."""

    @property
    def output(self) -> str:
        """What the code printed so far, cut to the limit."""

    def close(self) -> None:
        """End it, and leave no process and no file behind. Closing twice is allowed."""
