"""Our own exceptions: each message is one clear sentence that says what, where and how to mend it."""


class GraderError(Exception):
    """Anything that the command line reports in one sentence instead of a traceback."""

    exit_code = 3


class UsageError(GraderError):
    """The person who typed the command can mend it: a wrong path, an unknown model, a bad option."""

    exit_code = 2


class LabError(UsageError):
    """A lab's own files are damaged: lab.toml, the manifest, the held-out data."""


class SubmissionError(UsageError):
    """The submission as a whole cannot be read: no such path, no module in it, an archive that is refused."""


class HarnessError(GraderError):
    """Our fault. Never costs a student points; is retried once; makes the exit code 3."""
