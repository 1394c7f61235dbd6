"""Where a lab's two folders are, found from a name or a path."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.errors import LabError
from grader.lab.spec import LabSpec, load_spec
from grader.language import FOLDER, Language, load_language

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lab:
    """A lab on disk. `solutions` is None in a student's copy, where hidden checks and held-out data are absent."""

    spec: LabSpec
    folder: Path
    solutions: Path | None

    @property
    def name(self) -> str:
        """The lab's name, which is its folder's."""
        return self.spec.lab

    @property
    def expected_files(self) -> tuple[str, ...]:
        """The names by which the folder that holds a submission of this lab is known."""
        modules = [f"{task.module}.py" for task in self.spec.tasks if task.module]
        return (*modules, *self.spec.files)

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

    @property
    def bundled_model(self) -> Path | None:
        """The folder of the model that comes with the project, where the lab names one."""
        for profile in self.spec.models.values():
            if profile.source == "bundled":
                here = self.folder.parents[1] / profile.location
                return here if here.is_dir() else PROJECT / profile.location
        return None

    def language(self, code: str | None = None) -> Language:
        """Return a language with this lab's own texts; the lab's setting where none is named. Raises LabError."""
        folders = [folder / FOLDER for folder in (self.folder, self.solutions) if folder]
        return load_language(code or self.spec.language, folders)

    def _hidden(self, name: str) -> Path | None:
        folder = self.solutions / name if self.solutions else None
        return folder if folder and folder.is_dir() else None


def find_lab(name: str | None, start: Path | None = None) -> Lab:
    """Find a lab by name, by the path of its folder, or, without a name, the one whose lab.toml says `default = true`.

    Names are looked for under `labs/` in `start` (the working folder) and then in this project.
    Raises LabError where there is none, or where its lab.toml is damaged.
    """
    if name is not None and (os.sep in name or name in {".", ".."}):
        return open_lab(Path(name).resolve())
    folders = _folders(start or Path.cwd())
    for folder in folders:
        if folder.name == name:
            return open_lab(folder)
    if name is None:
        for folder in folders:
            lab = open_lab(folder)
            if lab.spec.default:
                return lab
    known = ", ".join(dict.fromkeys(folder.name for folder in folders)) or "none"
    raise LabError(f"No lab named {name!r} here; there is {known}." if name else f"Name a lab with --lab: {known}.")


def other_labs(lab: Lab) -> list[Lab]:
    """Return the labs that `find_lab` finds beside this one, but for those whose lab.toml is damaged."""
    others: dict[str, Lab] = {}
    for folder in _folders(Path.cwd()):
        with suppress(LabError):
            others.setdefault(folder.name, open_lab(folder))
    return [other for name, other in others.items() if name != lab.name]


def _folders(start: Path) -> list[Path]:
    roots = dict.fromkeys([start.resolve(), PROJECT])
    return [path.parent for root in roots for path in sorted(root.glob("labs/*/lab.toml"))]


def open_lab(folder: Path) -> Lab:
    """Open the lab in a folder, with the solutions beside it if they are there. Raises LabError."""
    spec = load_spec(folder / "lab.toml")
    if spec.lab != folder.name:
        raise LabError(f"{folder / 'lab.toml'}: lab = {spec.lab!r}, but its folder is named {folder.name!r}.")
    solutions = folder.parents[1] / "solutions" / folder.name
    return Lab(spec=spec, folder=folder, solutions=solutions if solutions.is_dir() else None)
