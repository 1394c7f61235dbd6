"""A graded training run as a run of TensorBoard or Weights & Biases: written on the trusted side, from the result."""

from grader.tracking.tracker import TRACKERS, Tracked, find_tracker, track

__all__ = ["TRACKERS", "Tracked", "find_tracker", "track"]
