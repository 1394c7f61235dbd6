"""Calibration: many runs of right and wrong submissions, the bands that tell them apart, and the odds of an error."""

from grader.calibrate.command import run_calibration

__all__ = ["run_calibration"]
