"""What namespaces add: a worker does not even see what it may not touch."""

import socket

import pytest

from .conftest import Run

pytestmark = pytest.mark.parametrize("warm_server", ["namespaces"], indirect=True)


def test_a_worker_sees_no_process_but_itself(run: Run) -> None:
    text = "import os\nresult = [n for n in range(1, 70000) if os.path.exists(f'/proc/{n}')]"
    assert run(text) == [1]
    assert run("import os\nresult = [os.getpid(), os.getppid()]") == [1, 0]


def test_a_worker_sees_no_folder_but_those_it_was_given(run: Run) -> None:
    text = "import os\nresult = [path for path in args if os.path.lexists(path)]"
    assert run(text, "/etc/passwd", "/home", "/var", "/boot", "/opt", "/dev/shm", "/dev/tty", "/run", "/srv") == []


def test_a_worker_is_nobody_on_a_machine_without_a_name(run: Run) -> None:
    assert run("import os\nresult = [os.getuid(), os.getgid(), os.uname().nodename]") == [65534, 65534, "worker"]
    assert socket.gethostname() != "worker"


def test_a_worker_has_no_network_interface_that_is_up(run: Run) -> None:
    devices = run("result = open('/proc/self/net/dev').read()")
    assert isinstance(devices, str)
    received = [line.split()[1] for line in devices.splitlines()[2:]]
    assert received == ["0"] * len(received)  # at most the idle loopback
    assert run("result = open('/proc/self/net/route').read()") == ""


def test_what_is_read_only_stays_so_and_nothing_can_be_mounted(run: Run) -> None:
    for text in ("import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                 "code = libc.mount(b'none', b'/usr', b'tmpfs', 0, b'')\nresult = [code, ctypes.get_errno()]",
                 "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                 "code = libc.unshare(0x10000000)\nresult = [code, ctypes.get_errno()]"):  # fmt: skip
        assert run(text) == [-1, 1]
