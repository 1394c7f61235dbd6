"""The same levels for root and for an ordinary user: nobody needs privileges to confine."""

import os
import subprocess
import sys

import pytest

from grader.worker.confine import Level, reason_against

AS_NOBODY = """
import os, sys, sysconfig
import pyseccomp
from grader.worker import kernel
from grader.worker.confine import Level, reason_against
sysconfig.get_paths()  # read while the files of this Python can be: they may lie in root's own home
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
kernel.prctl(4, 1)  # PR_SET_DUMPABLE: without it /proc/self belongs to root after a change of user
print(reason_against(Level(sys.argv[1])))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; for others every test is this one")
@pytest.mark.parametrize("level", ["namespaces", "landlock"])
def test_a_level_that_works_for_root_works_for_an_ordinary_user(level: str) -> None:
    if reason := reason_against(Level(level)):
        pytest.skip(reason)
    command = [sys.executable, "-c", AS_NOBODY, level]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "None"
