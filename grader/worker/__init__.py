"""The untrusted side: where a student's code runs, the wire to it, and its confinement.

`InProcess` and `Worker` are two transports with one interface (`Transport`); both raise the faults listed here.
"""

from grader.worker.client import Server, connect
from grader.worker.faults import Died, NotAttempted, StudentError, TimedOut
from grader.worker.inprocess import InProcess
from grader.worker.plain import Handle
from grader.worker.remote import Worker
from grader.worker.transport import Transport, WorkerLimits

__all__ = [
    "Died",
    "Handle",
    "InProcess",
    "NotAttempted",
    "Server",
    "StudentError",
    "TimedOut",
    "Transport",
    "Worker",
    "WorkerLimits",
    "connect",
]
