"""A lab is two folders: `labs/NAME` (what students get) and `solutions/NAME` (what they never get)."""

from grader.lab.folders import Lab, find_lab, open_lab
from grader.lab.spec import Criterion, LabSpec, Limits, ModelProfile, TaskSpec

__all__ = ["Criterion", "Lab", "LabSpec", "Limits", "ModelProfile", "TaskSpec", "find_lab", "open_lab"]
