"""A lab is two folders: `labs/NAME` (what students get) and `solutions/NAME` (what they never get)."""

from grader.lab.folders import Lab, find_lab, open_lab, other_labs
from grader.lab.spec import Criterion, LabSpec, LatePolicy, Limits, ManualLine, ModelProfile, TaskSpec
from grader.lab.visible import visible_part, waiting

__all__ = [
    "Criterion",
    "Lab",
    "LabSpec",
    "LatePolicy",
    "Limits",
    "ManualLine",
    "ModelProfile",
    "TaskSpec",
    "find_lab",
    "open_lab",
    "other_labs",
    "visible_part",
    "waiting",
]
