"""Archives and folders → one submission: a private copy of its files, counted and hashed. Nothing is executed."""

from grader.intake.names import clean_id
from grader.intake.source import CAPS, Caps
from grader.intake.submission import Submission, fingerprint, open_submission

__all__ = ["CAPS", "Caps", "Submission", "clean_id", "fingerprint", "open_submission"]
