"""What the trusted side and the warm server say to each other, one envelope a packet.

No student's code ever holds this socket, so that what it says is true.
"""

import os
import socket

import msgspec

from grader.worker.transport import WorkerLimits
from grader.worker.wire import Envelope

PACKET_BYTES = 64 * 2**10


class Spawn(Envelope, frozen=True):
    """Fork a worker. Two descriptors come with it: the worker's end of the wire, and where its output goes."""

    source: str | None
    inbox: str
    scratch: str
    out: str
    readable: list[str]
    limits: WorkerLimits
    threads: int


class Started(Envelope, frozen=True):
    """The worker exists; `pid` is its process as the server sees it."""

    pid: int


class Ended(Envelope, frozen=True):
    """The worker's process is gone: its exit code, or the negative number of the signal that killed it."""

    status: int


Message = Spawn | Started | Ended


def send(connection: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message. Raises OSError."""
    socket.send_fds(connection, [msgspec.msgpack.encode(message)], descriptors)


def receive(connection: socket.socket) -> tuple[Message | None, list[int]]:
    """Return one message with its descriptors; None where the other side is gone. Raises OSError, MsgspecError."""
    packet, descriptors, _flags, _address = socket.recv_fds(connection, PACKET_BYTES, 2)
    if not packet:
        return None, descriptors
    try:
        return msgspec.msgpack.decode(packet, type=Message), descriptors
    except msgspec.MsgspecError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
