"""Which tracker is there, and handing it a run.

The student's code never sees a tracker: it returned a log, which was cleaned, and the judge measured; both are in the
result. So no tracker runs where student code runs, and a tracker's network is never needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from grader.errors import UsageError
from grader.results import Result
from grader.tracking.scalars import Scalars, read_scalars

AUTO, NONE = "auto", "none"
TRACKERS = {"tensorboard": "grader.tracking.event_files", "wandb": "grader.tracking.offline_runs"}
Write = Callable[[Path, str, str, Scalars], Path]


@dataclass(frozen=True)
class Tracked:
    """A run that was written: its folder, and the program that shows what; paths are relative to the report."""

    folder: str
    program: str
    shown: str


def find_tracker(wanted: str) -> str | None:
    """Return the tracker to use: `auto` is TensorBoard where it is installed. Raises UsageError for one that is not."""
    if wanted == NONE:
        return None
    name = "tensorboard" if wanted == AUTO else wanted
    if find_spec(name):
        return name
    if wanted == AUTO:
        return None
    raise UsageError(f"--track {name}: it is not installed here; pip install {name} brings it, --track none goes on.")


def track(result: Result, out: Path, tracker: str) -> Tracked | None:
    """Write the result's training run below `out`, the report's folder; None where nothing was trained.

    Earlier runs stay beside it, so that a tracker shows them together. Raises OSError.
    """
    scalars = read_scalars(result.training) if result.training else []
    if not scalars:
        return None
    started = datetime.now().strftime("%Y%m%d-%H%M%S")
    write: Write = import_module(TRACKERS[tracker]).write
    folder = write(out, f"{started}-seed-{result.seed}", result.lab, scalars).relative_to(out).as_posix()
    if tracker == "tensorboard":
        return Tracked(folder, "tensorboard --logdir", tracker)
    return Tracked(folder, "wandb sync", folder)
