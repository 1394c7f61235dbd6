"""What a student is told about an exception: the frames of their own files, and nothing of this machine."""

import linecache
import re
import traceback
from collections.abc import Mapping
from pathlib import Path

from grader.worker.faults import MESSAGE_CHARACTERS, TRACEBACK_CHARACTERS, clean
from grader.worker.wire import Raised, Stub

_FRAMES = 12
_OF_AN_IMPORT = (ImportError, SyntaxError, AttributeError)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


def report(number: int, error: BaseException, root: Path, folders: Mapping[str, str], *, called: bool) -> Raised | Stub:
    """Return the reply for an exception that came out of code under `root`.

    Before the function was `called`, what is raised counts as an ImportError: a module that raises ValueError when it
    is imported has refused nothing.

    `folders` maps absolute paths to what is shown instead of them. NotImplementedError is a stub's only where the
    submission itself raised it: a library raises it too, for a kernel that it lacks.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _below(frame.filename, root)]
    message = clean(_shown(_message(error, root), folders), MESSAGE_CHARACTERS)
    if isinstance(error, NotImplementedError) and _raised_below(error, root):
        return Stub(number=number, message=message)
    kind = type(error).__name__
    text = "".join(_frame_text(frame, root) for frame in _middle_left_out(frames))
    return Raised(
        number=number,
        kind=kind[:200],
        ancestry=_ancestry(type(error) if called or isinstance(error, _OF_AN_IMPORT) else ImportError),
        message=message,
        traceback=clean(f"{_shown(text, folders)}{kind}: {message}", TRACEBACK_CHARACTERS),
    )


def _ancestry(kind: type[BaseException]) -> list[str]:
    return [cls.__name__ for cls in kind.__mro__ if cls.__module__ == "builtins"]


def _message(error: BaseException, root: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename and _below(error.filename, root):
        place = f"{_relative(error.filename, root)}, line {error.lineno}"
        line = (error.text or "").strip()
        return f"{place}: {error.msg}" + (f" in: {line}" if line else "")
    if isinstance(error, SystemExit):
        return f"the code called exit({error.code!r}) instead of returning"
    try:
        return str(error)
    except Exception:
        return "(the exception's own message could not be read)"


def _shown(text: str, folders: Mapping[str, str]) -> str:
    # An address differs from run to run; the same submission must give the same result.
    for path, name in folders.items():
        text = text.replace(path, name)
    return _ADDRESS.sub("0x…", text)


def _raised_below(error: BaseException, root: Path) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and _below(trace.tb_frame.f_code.co_filename, root)


def _below(filename: str, root: Path) -> bool:
    return filename.startswith(f"{root}/")


def _relative(filename: str, root: Path) -> str:
    return filename.removeprefix(f"{root}/")


def _frame_text(frame: traceback.FrameSummary | None, root: Path) -> str:
    if frame is None:
        return "[... frames left out ...]\n"
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return f"{_relative(frame.filename, root)}, line {frame.lineno}, in {frame.name}\n    {line}\n"


def _middle_left_out(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary | None]:
    if len(frames) <= _FRAMES:
        return list(frames)
    half = _FRAMES // 2
    return [*frames[:half], None, *frames[-half:]]
