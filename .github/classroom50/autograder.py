"""The autograder of one Classroom 50 assignment, for CLASSROOM/autograders/ASSIGNMENT/ in the classroom50 repository.

Beside it goes `labs/LAB` with the model that it bundles (`fixtures/tiny-gpt2`), and no solutions: students can download
what lies there. So this grades the lab's visible checks; `grader batch` adds the hidden ones and the training run.
Classroom 50's runner starts it in the student's checkout, and reads result.json and release-body.md there. Exit code 0
means graded, whatever the grade.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LAB = os.environ.get("GRADER_LAB", "week07")
GRADER = os.environ.get("GRADER_REQUIREMENT", "")  # a pinned requirement for pip; empty where the image has the grader


def main() -> int:
    """Grade the student's checkout; return the exit code."""
    checkout, bundle = Path.cwd(), Path(os.environ["CLASSROOM50_BUNDLE_DIR"])

    def run(*command: str | Path) -> int:
        # In the bundle: Python would import the student's files from a working folder of theirs.
        return subprocess.run([sys.executable, "-m", *command], cwd=bundle, check=False).returncode

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        result = out / LAB / "result.json"
        code = run("pip", "install", "--quiet", GRADER) if GRADER else 0
        code = code or run("grader", "feedback", "grade", checkout, "--base", bundle, "--lab", LAB, "--out", out)
        code = code or run("grader", "export", result, "--to", "classroom50", "--out", checkout / "result.json")
        if code == 0:
            (checkout / "release-body.md").unlink(missing_ok=True)  # the student's may be a link that leads away
            shutil.copyfile(out / "summary.md", checkout / "release-body.md")
    return code


if __name__ == "__main__":
    sys.exit(main())
