"""Where a lab's two folders are, found from a name or a path."""

import os
from dataclasses import dataclass
from pathlib import Path

from grader.errors import LabError
from grader.lab.spec import LabSpec, load_spec

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lab:
    """A lab on disk. `solutions` is None in a student's copy, where hidden checks and held-out data are absent."""

    spec: LabSpec
    folder: Path
    solutions: Path | None

    @property
    def name(self) -> str:
        """The lab's name, such as `week07`."""
        return self.spec.lab

    @property
    def visible_tests(self) -> Path:
        """The folder of tests that students have."""
        return self.folder / "tests"

    @property
    def hidden_tests(self) -> Path | None:
        """The folder of tests that students never see, where this machine has it."""
        return self._hidden("tests")

    @property
    def heldout(self) -> Path | None:
        """The folder of the hidden voice and held-out questions, where this machine has it."""
        return self._hidden("heldout")

    def _hidden(self, name: str) -> Path | None:
        folder = self.solutions / name if self.solutions else None
        return folder if folder and folder.is_dir() else None


def find_lab(name: str, start: Path | None = None) -> Lab:
    """Find a lab by name (`week07`) or by the path of its folder.

    A name is looked for under `labs/` in `start` (the working folder) and then in this project.
    Raises LabError where there is none, or where its lab.toml is damaged.
    """
    roots = [(start or Path.cwd()).resolve(), PROJECT]
    candidates = [root / "labs" / name for root in roots]
    if os.sep in name or name in {".", ".."}:
        candidates = [Path(name).resolve()]
    for folder in candidates:
        if (folder / "lab.toml").is_file():
            return open_lab(folder)
    known = sorted(path.parent.name for root in roots for path in root.glob("labs/*/lab.toml"))
    raise LabError(f"No lab named {name!r} here; there is {', '.join(dict.fromkeys(known)) or 'none'}.")


def open_lab(folder: Path) -> Lab:
    """Open the lab in a folder, with the solutions beside it if they are there. Raises LabError."""
    spec = load_spec(folder / "lab.toml")
    if spec.lab != folder.name:
        raise LabError(f"{folder / 'lab.toml'}: lab = {spec.lab!r}, but its folder is named {folder.name!r}.")
    solutions = folder.parents[1] / "solutions" / folder.name
    return Lab(spec=spec, folder=folder, solutions=solutions if solutions.is_dir() else None)
