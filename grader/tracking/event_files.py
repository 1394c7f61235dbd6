"""A run as a TensorBoard event file."""

import time
from pathlib import Path

from grader.tracking.scalars import Scalars


def write(out: Path, run: str, project: str, scalars: Scalars) -> Path:
    """Write a run into a folder of its own below `out`; return that. TensorBoard has no projects."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    path = out / "tensorboard" / run
    path.mkdir(parents=True, exist_ok=True)
    writer = EventFileWriter(str(path))
    for step, values in scalars:
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
    writer.close()
    return path
