"""A12: a process that outlives the grading. It ends by itself after a minute."""

import contextlib
import ctypes
import os
import time

with contextlib.suppress(OSError):
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"trick-daemon", 0, 0, 0)
        os.closerange(0, 1024)
        time.sleep(60)
        os._exit(0)
