"""One submission's way through a batch, from its arrival to its line in the index. Small: its texts stay on disk."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from grader.errors import GraderError, SubmissionError
from grader.grade import take_in_or_suggest
from grader.intake import Submission
from grader.intake.arrivals import Arrival
from grader.lab import Lab
from grader.results import CheckResult, SubmissionInfo, TrainingResult

Look = Callable[[str, Submission], None]

READERS = 4  # reading waits for the disk, hashing for one core


@dataclass
class Ticket:
    """What is known of one submission in this run.

    `refused` and `fault` are sentences: theirs to mend, and ours. `faulty` and `untrained` are results that nobody
    keeps, because something of ours broke; they show in the report of this run alone.
    """

    arrival: Arrival
    info: SubmissionInfo | None = None
    refused: str = ""
    fault: str = ""
    faulty: list[CheckResult] = field(default_factory=list)
    untrained: TrainingResult | None = None
    tried_again: bool = False

    @property
    def id(self) -> str:
        """The submission's id, which names its folder of reports."""
        return self.arrival.id

    @property
    def sha256(self) -> str:
        """The SHA-256 of the submission's files; empty where it could not be read."""
        return self.info.sha256 if self.info else ""


def take_in_all(arrivals: Sequence[Arrival], lab: Lab, look: Look | None = None) -> Generator[Ticket, None, None]:
    """Read and hash every arrival, in order, keeping no copy. What cannot be read is a ticket with a sentence.

    `look` is called with each id and submission while its files are there, in one of several threads.
    """
    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(lambda arrival: _take_in(arrival, lab, look), arrivals)


def _take_in(arrival: Arrival, lab: Lab, look: Look | None) -> Ticket:
    try:
        with take_in_or_suggest(arrival.path, lab) as submission:
            if look:
                look(arrival.id, submission)
            return Ticket(arrival, submission.info)
    except SubmissionError as error:
        return Ticket(arrival, refused=str(error).removeprefix(f"{arrival.path}: "))
    except GraderError as error:
        return Ticket(arrival, fault=str(error))
