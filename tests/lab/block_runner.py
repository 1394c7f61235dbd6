"""A process that runs the Python blocks of pages in order, as a reader does who types them into one session a page.

Called with two paths: a JSON list of [page, line, code], and where the results go: what each printed, or its error.
"""

import contextlib
import io
import json
import sys
import traceback
from pathlib import Path

NOT_REACHED = "a block before it failed"


def main(given: Path, results: Path) -> None:
    """Run the blocks; write a list of [printed, error or None], one for each."""
    sys.path.insert(0, str(Path.cwd()))
    sessions: dict[str, dict[str, object]] = {}
    broken: set[str] = set()
    found: list[tuple[str, str | None]] = []
    for page, line, code in json.loads(given.read_bytes()):
        if page in broken:
            found.append(("", NOT_REACHED))
            continue
        printed, error = run(page, line, code, sessions.setdefault(page, {"__name__": "__main__"}))
        found.append((printed, error))
        if error:
            broken.add(page)
    results.write_text(json.dumps(found), encoding="utf-8")


def run(page: str, line: int, code: str, names: dict[str, object]) -> tuple[str, str | None]:
    """Run one block in the names of its page; a traceback shows the page's own lines."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + code, page, "exec"), names)
    except Exception:
        return printed.getvalue(), traceback.format_exc()
    return printed.getvalue(), None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
