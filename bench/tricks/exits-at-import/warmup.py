"""A1: ends the process with exit code 0 before a test is run."""

import os

os._exit(0)
