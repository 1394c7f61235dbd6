"""`python -m tests.worker.fuzz_wire -runs=100000`: coverage-guided fuzzing of the trusted side's reading of replies.

atheris (libFuzzer) mutates bytes towards code not yet run. Each input is read twice: as a frame, and as the choices of
the Hypothesis strategy that builds hostile envelopes. An exception that is no fault, 10 seconds over one frame or
a GiB of address space in all ends it with an error, and the frame lies in the current folder.
"""

import resource
import sys
import tempfile
from pathlib import Path

import atheris
import msgspec
from hypothesis import HealthCheck, given, settings

with atheris.instrument_imports(include=["grader.worker"]):
    from grader.worker import wire
    from tests.worker.frames import ASKED, frames, listed, mapped, receive, text

ADDRESS_SPACE = 2**30  # beyond what the process holds at its start
LIMITS = ["-timeout=10", "-max_len=2048", "-len_control=0", "-verbosity=1", "-print_final_stats=1"]


@settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames())
def read_built(frame: bytes) -> None:
    """Read a frame that the strategy built."""
    receive(frame)


def read(data: bytes) -> None:
    """Read the fuzzer's bytes as a frame, and as a recipe for one."""
    receive(wire.frame(data))
    read_built.hypothesis.fuzz_one_input(data)  # type: ignore[attr-defined]


def write_seeds(folder: Path) -> None:
    """Write a right reply of each kind, so that the fuzzer starts from the protocol instead of finding it."""
    handle = msgspec.msgpack.encode(msgspec.msgpack.Ext(1, msgspec.msgpack.encode([1, "Model", ["Model"], {"r": 8}])))
    bodies = [
        [("type", text("Returned")), ("number", ASKED), ("value", listed([b"\x01", b"\xc0", handle]))],
        [("type", text("Returned")), ("number", ASKED), ("value", mapped([(text("a"), b"\xcb" + bytes(8))]))],
        [("type", text("Stub")), ("number", ASKED), ("message", text("not yet"))],
        [
            *[("type", text("Raised")), ("number", ASKED), ("kind", text("ValueError"))],
            *[("ancestry", listed([text("ValueError")])), ("message", text("no")), ("traceback", text("line 1"))],
        ],
    ]
    for number, body in enumerate(bodies):
        (folder / str(number)).write_bytes(mapped([(text(name), value) for name, value in body]))


def main() -> None:
    """Fuzz with libFuzzer's own options."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ADDRESS_SPACE, used + ADDRESS_SPACE))
    with tempfile.TemporaryDirectory() as corpus:
        write_seeds(Path(corpus))
        atheris.Setup([*sys.argv, *LIMITS, corpus], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
