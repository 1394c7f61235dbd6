"""A worker at the other end of a real socket that keeps to no protocol: each call ends in a fault, in time."""

import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from grader.worker import Died, TimedOut, Worker, WorkerLimits, control, wire
from grader.worker.client import connect

Play = Callable[[socket.socket, int], None]
"""What the hostile worker does with its end of the wire and of the output pipe, once it has said that it is ready."""


class HostileServer:
    """Stands where the warm server stands, and plays the one worker that it was asked for."""

    def __init__(self, address: Path, play: Play) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(address))
        self._listener.listen()
        self._play = play
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            _, (wire_end, output) = control.receive(connection)
            control.send(connection, control.Started(pid=os.getpid()))
            peer = socket.socket(fileno=wire_end)
            peer.sendall(wire.encode(wire.Ready()))
            actor = threading.Thread(target=self._act, args=(peer, output), daemon=True)
            actor.start()
            connection.recv(1)  # until the trusted side has enough of it
            peer.shutdown(socket.SHUT_RDWR)
            control.send(connection, control.Ended(status=-9))
            actor.join()
            peer.close()
            os.close(output)

    def _act(self, peer: socket.socket, output: int) -> None:
        with suppress(OSError):  # the wire was closed in the middle of it
            self._play(peer, output)

    def close(self) -> None:
        """Wait for the end of the play."""
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._listener.close()


@pytest.fixture
def worker_that(tmp_path: Path) -> Iterator[Callable[[Play], Worker]]:
    """Return the trusted side of a worker that plays."""
    opened: list[tuple[HostileServer, Worker]] = []

    def open_one(play: Play) -> Worker:
        server = HostileServer(tmp_path / "server.sock", play)
        worker = connect(str(tmp_path / "server.sock"), None, WorkerLimits(reply_mb=1))
        opened.append((server, worker))
        return worker

    yield open_one
    for server, worker in opened:
        worker.close()
        server.close()


def ask(worker: Worker, seconds: float = 20.0) -> object:
    return worker.call("formatting", "format_prompt", ["x"], {}, seconds=seconds)


def read_request(peer: socket.socket) -> wire.Request:
    length = int.from_bytes(peer.recv(4, socket.MSG_WAITALL), "big")
    return msgspec.msgpack.decode(peer.recv(length, socket.MSG_WAITALL), type=wire.Request)


def reply(request: wire.Request, value: object = 1, ahead: int = 0) -> bytes:
    return wire.encode(wire.Returned(number=request.number + ahead, value=value))


def test_a_reply_that_comes_byte_by_byte_is_put_together(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        for byte in reply(read_request(peer), "slow"):
            peer.send(bytes([byte]))

    assert ask(worker_that(play)) == "slow"


@pytest.mark.parametrize("sent", [b"", b"\x00", (1000).to_bytes(4, "big") + b"\x81", (2**20).to_bytes(4, "big")])
def test_a_reply_that_stops_in_the_middle_is_silence(worker_that: Callable[[Play], Worker], sent: bytes) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        peer.sendall(sent)

    worker = worker_that(play)
    with pytest.raises(TimedOut, match="No answer within"):
        ask(worker, seconds=0.3)
    with pytest.raises(Died):
        ask(worker)


def test_a_reply_that_trickles_for_ever_has_no_more_time_than_another(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        peer.sendall((2**20).to_bytes(4, "big"))
        while True:
            peer.sendall(b"\x00")
            time.sleep(0.01)

    with pytest.raises(TimedOut):
        ask(worker_that(play), seconds=0.3)


@pytest.mark.parametrize("length", [2**20 + 1, 2**31, 2**32 - 1])
def test_a_length_over_the_cap_ends_the_call_before_anything_follows(
    worker_that: Callable[[Play], Worker], length: int
) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        peer.sendall(length.to_bytes(4, "big"))

    with pytest.raises(Died, match="larger than 1 MiB"):
        ask(worker_that(play))


@pytest.mark.parametrize("ahead", [-1, 1, 2**62])
def test_a_reply_to_another_request_is_refused(worker_that: Callable[[Play], Worker], ahead: int) -> None:
    def play(peer: socket.socket, output: int) -> None:
        peer.sendall(reply(read_request(peer), ahead=ahead))

    with pytest.raises(Died, match="answers another request"):
        ask(worker_that(play))


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_reply_from_before_the_request_is_refused(worker_that: Callable[[Play], Worker], ahead: int) -> None:
    taken, sent = threading.Event(), threading.Event()

    def play(peer: socket.socket, output: int) -> None:
        request = read_request(peer)
        peer.sendall(reply(request, "asked for"))
        taken.wait()
        peer.sendall(reply(request, "not asked for", ahead=ahead))
        sent.set()

    worker = worker_that(play)
    assert ask(worker) == "asked for"
    taken.set()
    sent.wait()
    with pytest.raises(Died, match="answers another request"):
        ask(worker)


def test_two_replies_at_once_are_refused(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        peer.sendall(2 * reply(read_request(peer)))

    with pytest.raises(Died, match="more came than was asked for"):
        ask(worker_that(play))


def test_ready_said_twice_is_no_reply(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        peer.sendall(wire.encode(wire.Ready()))

    with pytest.raises(Died, match="answers another request"):
        ask(worker_that(play))


def test_descriptors_that_come_with_a_reply_are_not_taken(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        request = read_request(peer)
        with open("/dev/null", "rb") as null:  # noqa: PTH123
            for _ in range(20):
                socket.send_fds(peer, [b"\x00"], [null.fileno()] * 200)
        peer.sendall(reply(request))

    worker = worker_that(play)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Died):
        ask(worker)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_descriptor_in_a_right_reply_is_not_taken_either(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        request = read_request(peer)
        socket.send_fds(peer, [reply(request, "right")], [output] * 10)

    worker = worker_that(play)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert ask(worker) == "right"
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_closed_wire_is_the_end_of_the_worker(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.shutdown(socket.SHUT_RDWR)

    with pytest.raises(Died):
        ask(worker_that(play))


def test_output_without_end_does_not_hold_a_call_beyond_its_time(worker_that: Callable[[Play], Worker]) -> None:
    def play(peer: socket.socket, output: int) -> None:
        read_request(peer)
        flood = [subprocess.Popen(["cat", "/dev/zero"], stdout=output) for _ in range(2)]
        while peer.recv(1):
            pass
        for process in flood:
            process.kill()
            process.wait()

    with pytest.raises(TimedOut):
        ask(worker_that(play), seconds=0.5)


def test_a_worker_that_reads_nothing_does_not_hold_a_large_request(worker_that: Callable[[Play], Worker]) -> None:
    with pytest.raises(TimedOut):
        worker_that(lambda peer, output: None).call("m", "f", ["x" * 2**24], {}, seconds=0.3)
