"""What confined code cannot reach: files, processes, the network. Run at each level that is good enough for grading."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import HarnessError
from grader.worker import Server, StudentError, Worker, WorkerLimits

from .conftest import Run

PROJECT = Path(__file__).parents[2]
OUT_OF_REACH = r"denied|not permitted|not implemented|No such file|Read-only|cross-device"
"""What is outside is refused at `landlock`, and not there at all in a worker's own namespaces."""


def test_a_level_asked_for_by_name_is_the_level_that_is_put_on(submission: Path) -> None:
    with Server.start(level="landlock") as server, server.worker(submission, WorkerLimits()) as worker:
        assert server.sandbox.level == "landlock"
        with pytest.raises(PermissionError):
            worker.call("formatting", "run", ["open('/etc/passwd')"], {}, seconds=10)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(HarnessError, match="'steel' is not a valid Level"):
        Server.start(level="steel")


def test_the_level_is_at_least_landlock(warm_server: Server) -> None:
    assert warm_server.sandbox.level in {"landlock", "namespaces"}
    assert {"seccomp", "rlimits"} <= set(warm_server.sandbox.mechanisms)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/etc/shadow", "/etc/hostname", str(PROJECT / "pyproject.toml"), str(PROJECT / "solutions"),
     str(PROJECT / "tests"), str(PROJECT), "/proc/OURS/environ", "/proc/OURS/cmdline",
     "/", "/root", "/home", "/tmp",
     "/var/tmp", "/dev/shm", "/dev/mem", "/sys/kernel"],
)  # fmt: skip
def test_nothing_outside_can_be_read(path: str, run: Run) -> None:
    text = "import os\nresult = os.listdir(args[0]) if os.path.isdir(args[0]) else open(args[0], 'rb').read(1)"
    with pytest.raises(OSError, match=OUT_OF_REACH):
        run(text, path.replace("OURS", str(os.getpid())))


@pytest.mark.parametrize("way", ["../../..", "/proc/self/root", "/proc/self/cwd/../../..", "/proc/self/fd/4/../../.."])
def test_no_detour_leads_outside(way: str, run: Run) -> None:
    with pytest.raises(OSError, match=OUT_OF_REACH):
        run("result = open(args[0] + '/etc/passwd').read()", way)


def test_a_link_to_a_file_outside_cannot_be_read_through(run: Run) -> None:
    with pytest.raises(OSError, match=OUT_OF_REACH):
        run("import os\nos.symlink('/etc/passwd', 'link')\nresult = open('link').read()")


def test_no_hard_link_to_a_readable_file_can_be_made(run: Run) -> None:
    with pytest.raises(PermissionError):
        run("import os\nos.link(os.__file__, 'mine')")


def test_another_workers_files_cannot_be_read_or_written(
    open_worker: Callable[..., Worker], tmp_path: Path, run: Run
) -> None:
    neighbour = open_worker()
    folder, file = neighbour.new_folder("out"), neighbour.put_file("held_out.jsonl", b"secret")
    for text in ("open(args[0] + '/x', 'w')", "open(args[1]).read()", "import os\nos.listdir(args[0])"):
        with pytest.raises(OSError, match=OUT_OF_REACH):
            run(text, folder, file)


def test_the_own_submission_and_inbox_can_be_read_and_not_changed(
    open_worker: Callable[..., Worker], submission: Path
) -> None:
    worker = open_worker()
    file = worker.put_file("pairs.jsonl", b"row")
    source = str(submission / "formatting.py")
    text = "result = [open(path).read()[:3] for path in args]"
    assert worker.call("formatting", "run", [text, file, source], {}, seconds=10) == ["row", "\nde"]
    for change in ("open(args[0], 'w')", "open(args[0], 'a')", "import os\nos.remove(args[0])",
                   "import os\nos.truncate(args[0], 0)", "import os\nos.rename(args[0], 'mine')",
                   "import os\nopen(os.path.dirname(args[0]) + '/new', 'w')"):  # fmt: skip
        for path in (file, source):
            with pytest.raises(OSError, match=OUT_OF_REACH):
                worker.call("formatting", "run", [change, path], {}, seconds=10)
    assert Path(file).read_bytes() == b"row"


@pytest.mark.parametrize(
    "path", ["/tmp/x", "/var/tmp/x", "/dev/shm/x", str(Path.home() / "x"), "/srv/x", str(PROJECT / "x")]
)
def test_nothing_outside_can_be_written(path: str, run: Run) -> None:
    with pytest.raises(OSError, match=OUT_OF_REACH):
        run("open(args[0], 'w')", path)
    assert not Path(path).exists()


def test_no_other_files_mode_owner_or_times_can_be_changed(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "graded.json"
    file.write_text("{}")
    file.chmod(0o644)
    os.utime(file, (1, 1))
    run("import os\nos.chmod(args[0], 0)\nos.chown(args[0], 12345, 12345)\nos.utime(args[0], (9, 9))", str(file))
    with pytest.raises(OSError, match=r"not permitted|not implemented|not supported"):
        run("import os\nos.setxattr(args[0], 'user.x', b'x')", str(file))
    status = file.stat()
    assert (status.st_mode & 0o777, status.st_uid, status.st_mtime) == (0o644, os.getuid(), 1)


@pytest.mark.parametrize(
    "text",
    [
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "import socket\nsocket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import socket\nsocket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import socket\nsocket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "import socket\nsocket.create_connection(('127.0.0.1', 22))",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1')",
    ],
)
def test_there_is_no_network(text: str, run: Run) -> None:
    with pytest.raises(OSError, match=r"not permitted|not implemented|unreachable|resolution|service"):
        run(text)


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.fork()",
        "import os\nos.forkpty()",
        "import os\nos.execv('/bin/true', ['true'])",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.posix_spawn('/bin/true', ['true'], {})",
        "import multiprocessing\nmultiprocessing.get_context('fork').Process(target=print).start()",
        "import os\nos.setsid()",
        "import os\nos.memfd_create('x')",
        "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=9)",
        "import multiprocessing\nmultiprocessing.Lock()",
    ],
)
def test_no_process_and_no_shared_memory_can_be_made(text: str, run: Run) -> None:
    with pytest.raises(OSError, match=OUT_OF_REACH):
        run(text)


def test_a_shell_command_does_not_run(run: Run, tmp_path: Path) -> None:
    assert run("import os\nresult = os.system('touch /tmp/ran; true')") != 0


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.kill(args[0], 9)",
        "import os\nos.kill(os.getppid(), 9)",
        "import os\nos.kill(-1, 9)",
        "import os\nos.kill(0, 9)",
        "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
        "import resource\nresource.prlimit(args[0], resource.RLIMIT_NOFILE, (3, 3))",
        "import fcntl\nfcntl.fcntl(open(fcntl.__file__ if hasattr(fcntl, '__file__') else __import__('os').__file__), "
        "fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "import fcntl\nfcntl.fcntl(3, fcntl.F_SETOWN, args[0])",
        "import fcntl, struct\nfcntl.ioctl(3, 0x8901, struct.pack('i', args[0]))",
        "import os\nos.sched_setaffinity(args[0], {0})",
        "import os\nos.setpriority(os.PRIO_PROCESS, args[0], 19)",
    ],
)
def test_no_other_process_can_be_touched(text: str, run: Run) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        with pytest.raises(OSError, match=r"not permitted|not implemented"):
            run(text, bystander.pid)
        assert bystander.poll() is None
        assert bystander.stdin
        bystander.stdin.close()
        assert bystander.wait(10) != -signal.SIGKILL


def test_the_servers_environment_and_memory_are_out_of_reach(run: Run) -> None:
    for name in ("environ", "mem", "maps", "fd", "cmdline", "root"):
        with pytest.raises(OSError, match=OUT_OF_REACH):
            run("import os\nresult = os.listdir(p) if os.path.isdir(p := f'/proc/{os.getppid()}/{args[0]}') "
                "else open(p, 'rb').read(1)", name)  # fmt: skip


def test_no_variable_of_ours_is_in_the_workers_environment(monkeypatch: pytest.MonkeyPatch, submission: Path) -> None:
    from grader.worker.environment import server_environment

    environment = server_environment("cpu", {"PATH": "/bin", "GITHUB_TOKEN": "t", "HF_TOKEN": "t", "LD_PRELOAD": "x"})
    assert not {"GITHUB_TOKEN", "HF_TOKEN", "LD_PRELOAD"} & set(environment)
    assert not any(value == "t" for value in environment.values())


def test_no_privilege_is_left(run: Run) -> None:
    status = run("result = open('/proc/self/status').read()")
    assert isinstance(status, str)
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    if os.geteuid() == 0:
        assert int(fields["CapBnd"], 16) == 0


def test_a_worker_holds_its_own_descriptors_and_nobody_elses(run: Run) -> None:
    text = (
        "import os\nresult = []\nfor number in range(1024):\n"
        "    try: result.append(os.readlink(f'/proc/self/fd/{number}'))\n    except FileNotFoundError: pass"
    )
    targets = run(text)
    assert isinstance(targets, list)
    kinds = {"/dev/null", "/null", "pipe:", "socket:", "/proc/", "/tmp/grader-"}
    assert [target for target in targets if not target.startswith(tuple(kinds))] == []
    assert sum(target.startswith("socket:") for target in targets) == 1


def test_none_of_our_tests_or_solutions_can_be_imported(run: Run) -> None:
    for name in ("solutions", "tests", "labs", "conftest", "solutions.week07.training"):
        with pytest.raises(ImportError):
            run(f"import {name}")


def test_no_shared_writable_memory_is_inherited(run: Run) -> None:
    maps = run("result = open('/proc/self/maps').read()")
    assert isinstance(maps, str)
    assert [line for line in maps.splitlines() if line.split()[1].endswith("s") and "w" in line.split()[1]] == []


def test_a_trusted_worker_calls_our_modules_only(warm_server: Server) -> None:
    with warm_server.worker(None, WorkerLimits()) as worker:
        assert worker.call("grader.worker.faults", "clean", ["a\x1b", 9], {}, seconds=10) == "a"
        with pytest.raises(StudentError, match="is no module of the grader"):
            worker.call("os", "getpid", [], {}, seconds=10)
