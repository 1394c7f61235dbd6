"""The training run: which model, the call of the student's fine_tune, and the judge that measures what came of it."""

from grader.training.models import ModelChoice
from grader.training.select import choose_model
from grader.training.trial import train_and_judge

__all__ = ["ModelChoice", "choose_model", "train_and_judge"]
