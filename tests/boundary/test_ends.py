"""However a worker ends, it ends alone, in words, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from grader.errors import HarnessError
from grader.worker import Died, Server, StudentError, TimedOut, Worker, WorkerLimits, connect

from .conftest import RUNNER

OpenWorker = Callable[..., Worker]


def run(worker: Worker, text: str, *args: object, seconds: float = 20.0) -> object:
    return worker.call("formatting", "run", [text, *args], {}, seconds=seconds)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os\nos._exit(0)", "ended the process with exit code 0"),
        ("import os\nos._exit(7)", "exit code 7"),
        ("import os\nos.abort()", r"signal 6 \(SIGABRT\)|signal 11 \(SIGSEGV\)"),
        ("import ctypes\nctypes.string_at(0)", r"signal 11 \(SIGSEGV\)"),
        ("import os\nos.close(3)", "exit code|closed the connection"),
        ("import os, time\nos.close(3)\ntime.sleep(60)", "closed the connection"),
    ],
)
def test_a_process_that_ends_is_told_in_words(text: str, words: str, open_worker: OpenWorker) -> None:
    worker = open_worker()
    with pytest.raises(Died, match=words):
        run(worker, text)
    with pytest.raises(Died, match=r"has ended|ended the process|killed|closed"):
        run(worker, "result = 1")


def test_a_process_that_kills_itself_harms_itself_alone(warm_server: Server, open_worker: OpenWorker) -> None:
    kill = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nresult = 'alive'"
    if warm_server.sandbox.level == "namespaces":  # the first process of a PID namespace is deaf to its own signals
        assert run(open_worker(), kill) == "alive"
    else:
        with pytest.raises(Died, match=r"signal 9 \(SIGKILL\)"):
            run(open_worker(), kill)


def test_exit_at_import_is_died(open_worker: OpenWorker, tmp_path: Path) -> None:
    (tmp_path / "formatting.py").write_text("import os\nos._exit(0)")
    with pytest.raises(Died, match="exit code 0"):
        run(open_worker(tmp_path), "")


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "import time\ntime.sleep(1000)",
        "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except Exception: pass\n"
        "while True: pass",
        "import torch\nx = torch.zeros(800, 800)\nwhile True: x @ x",
        "import threading\nthreading.Thread(target=lambda: __import__('time').sleep(1000)).start()\n"
        "import time\ntime.sleep(1000)",
        "10 ** 10 ** 9",
        "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    ],
)
def test_a_spin_of_any_kind_is_killed(text: str, open_worker: OpenWorker) -> None:
    worker = open_worker()
    pid = worker.pid
    with pytest.raises(TimedOut, match="No answer within"):
        run(worker, text, seconds=0.5)
    assert not psutil.pid_exists(pid)


def test_fifty_megabytes_of_print_are_drained_and_cut(open_worker: OpenWorker) -> None:
    worker = open_worker(limits=WorkerLimits(output_kb=8))
    text = "import os\nfor _ in range(50): print('x' * 2**20)\nos.write(2, b'\\x1b[31m' * 1000)\nresult = 'done'"
    assert run(worker, text) == "done"
    assert len(worker.output) == 8 * 1024


def test_output_comes_with_the_reply_and_without_control_characters(open_worker: OpenWorker) -> None:
    worker = open_worker()
    run(worker, "import sys\nprint('one\\x1b[31m')\nprint('two', file=sys.stderr)\nsys.stdout.buffer.write(b'\\xff')")
    assert worker.output == "one[31m\ntwo\n\ufffd"


def test_standard_input_is_empty(open_worker: OpenWorker) -> None:
    with pytest.raises(EOFError):
        run(open_worker(), "input()")


@pytest.mark.parametrize(
    "text",
    [
        "bytearray(100 * 2**30)",
        "x = []\nwhile True: x.append(bytearray(2**24))",
        "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 2**28))",
        "import numpy\nnumpy.ones(2**36)",
    ],
)
def test_a_memory_bomb_is_a_students_error(text: str, open_worker: OpenWorker) -> None:
    worker = open_worker(limits=WorkerLimits(memory_mb=512))
    with pytest.raises(StudentError) as caught:
        run(worker, text)
    assert caught.value.kind in {"MemoryError", "_ArrayMemoryError", "OSError"}
    assert run(worker, "result = 1") == 1


def test_torch_out_of_memory_is_a_students_error(open_worker: OpenWorker) -> None:
    with pytest.raises(RuntimeError, match="allocate memory"):
        run(open_worker(), "import torch\ntorch.ones(2**36)")


def test_a_file_over_the_limit_is_an_error_and_many_files_are_the_end(open_worker: OpenWorker) -> None:
    worker = open_worker(limits=WorkerLimits(scratch_mb=4))
    with pytest.raises(OSError, match="File too large"):
        run(worker, "open('big', 'wb').write(b'x' * 2**23)")
    with pytest.raises(Died, match="more than 4 MiB of files"):
        run(worker, "for n in range(3): open(f'f{n}', 'wb').write(b'x' * 3 * 2**20)\nimport time\ntime.sleep(60)")


def test_too_many_files_and_threads_are_the_end(open_worker: OpenWorker) -> None:
    with pytest.raises(Died, match="more than 10000 files"):
        run(open_worker(), "for n in range(10**9): open(f'f{n}', 'w').close()", seconds=60)
    text = "import threading, time\ntry:\n    while True: threading.Thread(target=time.sleep, args=(99,)).start()\n" \
           "except RuntimeError: time.sleep(60)"  # fmt: skip
    with pytest.raises(Died, match="more than 256 threads"):
        run(open_worker(), text, seconds=60)


def test_a_daemon_thread_ends_with_its_worker(open_worker: OpenWorker) -> None:
    worker = open_worker()
    text = "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()"
    run(worker, text)
    pid = worker.pid
    worker.close()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    "frames",
    [
        "b'\\x00\\x00\\x00\\x05hello'",
        "b'\\xff\\xff\\xff\\xff' + b'x' * 100",
        "b'\\x00\\x00\\x00\\x00'",
        "frame({'type': 'Returned', 'number': 999, 'value': 'forged'})",
        "frame({'type': 'Ready'})",
        "frame({'type': 'Broken', 'reason': 'the grader is at fault'})",
        "frame({'type': 'Returned', 'number': 1, 'value': 'forged'}) * 2",
        "frame({'type': 'Ended', 'status': 0})",
    ],
)
def test_forged_frames_are_refused_and_are_the_students_fault(frames: str, open_worker: OpenWorker) -> None:
    worker = open_worker()
    text = (
        "import os, msgspec, time\n"
        "def frame(o):\n    p = msgspec.msgpack.encode(o)\n    return len(p).to_bytes(4, 'big') + p\n"
        f"os.write(3, {frames})\ntime.sleep(60)"
    )
    with pytest.raises(Died, match="cannot be taken"):
        run(worker, text)


def test_a_reply_sent_in_drops_times_out(open_worker: OpenWorker) -> None:
    text = (
        "import os, time\nos.write(3, b'\\x00\\x00\\x10\\x00')\nwhile True:\n    os.write(3, b'x')\n    time.sleep(0.1)"
    )
    with pytest.raises(TimedOut):
        run(open_worker(), text, seconds=1)


def test_a_worker_that_does_not_read_a_large_request_times_out(open_worker: OpenWorker) -> None:
    worker = open_worker()
    run(worker, "import socket, threading, time\nthreading.Thread(target=lambda: None).start()\n"
                "import os\nos.dup2(os.open('/dev/null', os.O_RDWR), 0)\nresult = 1")  # fmt: skip
    with pytest.raises(TimedOut):
        worker.call("formatting", "run", ["import time\ntime.sleep(60)", "x" * 2**24], {}, seconds=1)


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_sent_descriptors_are_not_kept(open_worker: OpenWorker) -> None:
    before = open_descriptors()
    worker = open_worker()
    opened = open_descriptors()
    text = (
        "import array, os, socket\ns = socket.socket(fileno=os.dup(3))\nf = os.open('x', os.O_CREAT)\n"
        "rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [f] * 50))\ns.sendmsg([b'\\x00'], [rights])\n"
        "os.close(3)"
    )
    with pytest.raises(Died):
        run(worker, text)
    worker.close()
    assert opened > before
    assert open_descriptors() <= before


def test_neighbours_do_not_notice_a_death(open_worker: OpenWorker) -> None:
    quiet, loud = open_worker(), open_worker()
    with pytest.raises(Died):
        run(loud, "import os\nos._exit(1)")
    assert run(quiet, "result = 'here'") == "here"


def test_workers_share_no_state(open_worker: OpenWorker) -> None:
    for _ in range(2):
        assert run(open_worker(), "import sys\nresult = hasattr(sys, 'left')\nsys.left = 1") is False


def test_every_worker_starts_with_the_same_random_numbers(open_worker: OpenWorker) -> None:
    text = "import random, torch, numpy\nresult = [random.random(), torch.rand(1).item(), numpy.random.rand()]"
    assert run(open_worker(), text) == run(open_worker(), text)


def owner_of_a_spinning_worker(folder: Path) -> "subprocess.Popen[str]":
    """Start a process that starts a server and a worker that spins, and prints both pids and the worker's folder."""
    (folder / "formatting.py").write_text(RUNNER)
    code = f"""
from pathlib import Path
from grader.worker import Server, WorkerLimits
server = Server.start()
worker = server.worker(Path({str(folder)!r}), WorkerLimits())
print(server.pid, worker.pid, worker.new_folder("out"), flush=True)
worker.call("formatting", "run", ["while True: pass"], {{}}, seconds=1000)
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_sigkill_of_the_owner_leaves_no_process_and_the_next_start_no_folder(tmp_path: Path) -> None:
    from grader.worker.folders import sweep

    with owner_of_a_spinning_worker(tmp_path) as owner:
        assert owner.stdout
        server, worker, folder = owner.stdout.readline().split()
        owner.send_signal(signal.SIGKILL)
    assert gone(int(worker))
    assert gone(int(server))
    sweep()
    assert not Path(folder).parents[1].exists()


def test_a_server_that_is_killed_takes_its_workers_along_and_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "formatting.py").write_text(RUNNER)
    with Server.start() as server:
        worker = server.worker(tmp_path, WorkerLimits())
        first = server.pid
        os.kill(first, signal.SIGKILL)
        assert gone(worker.pid)
        with pytest.raises(HarnessError, match="server ended"):
            run(worker, "result = 1")
        worker.close()
        with server.worker(tmp_path, WorkerLimits()) as next_worker:
            assert run(next_worker, "result = 1") == 1
        assert server.pid != first
        assert gone(first)


def test_a_client_that_vanishes_takes_its_worker_along(warm_server: Server, submission: Path) -> None:
    code = f"""
import os
from pathlib import Path
from grader.worker import WorkerLimits, connect
worker = connect({warm_server.address!r}, Path({str(submission)!r}), WorkerLimits())
spin = "import threading\\ndef spin():\\n  while True: pass\\nthreading.Thread(target=spin).start()"
worker.call("formatting", "run", [spin], {{}}, seconds=9)
print(worker.pid, flush=True)
os.abort()
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    assert gone(int(done.stdout))


def test_no_server_at_an_address_is_our_fault(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="gives no worker"):
        connect(str(tmp_path / "none.sock"), tmp_path, WorkerLimits())


def test_a_worker_that_cannot_be_set_up_is_our_fault(warm_server: Server, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="gives no worker"):
        warm_server.worker(tmp_path, WorkerLimits(scratch_mb=-1))
    with pytest.raises(HarnessError, match="could not be set up"):
        warm_server.worker(tmp_path, WorkerLimits(memory_mb=2**50))


def test_the_server_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "formatting.py").write_text(RUNNER)
    server = Server.start(level="process")
    parent = server.worker(tmp_path, WorkerLimits())
    forked = run(parent, "import os, time\nresult = os.fork()\nif result == 0: time.sleep(60)")
    parent.close()
    assert isinstance(forked, int)
    assert gone(forked)
    worker = server.worker(tmp_path, WorkerLimits())
    assert server.sandbox.level == "process"
    assert server.sandbox.missing
    folder = Path(server.address).parent
    server.close()
    server.close()
    assert gone(worker.pid)
    assert not folder.exists()
    worker.close()
