"""What a lab's tests may use: the `submission` and `oracle` fixtures of the plugin, and the names below."""

from grader.checks.failure import fail, not_attempted, words
from grader.worker.plain import Handle

__all__ = ["Handle", "fail", "not_attempted", "words"]
