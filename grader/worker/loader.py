"""Imports a submission's modules by plain name, as the student's own Python would.

The submission's folder is the last entry of sys.path, so that a file named `random.py` shadows nothing; but the module
that is asked for always comes from the submission, also where an installed package has its name.
"""

import difflib
import importlib
import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import ClassVar

TRUSTED_PACKAGE = "grader"
_FENCE = "grader submission begins"


class Loader:
    """The modules of one source folder, or of the grader itself where `source` is None.

    One loader of a process is active at a time: activating another takes this one's modules out of `sys.modules` and
    its folder off `sys.path`, and keeps the modules for the next time.
    """

    _active: ClassVar["Loader | None"] = None

    def __init__(self, source: Path | None) -> None:
        self.source = source
        self._own: dict[str, ModuleType] = {}
        self._covered: dict[str, ModuleType] = {}

    @property
    def root(self) -> Path:
        """The folder whose frames a traceback shows."""
        return self.source or Path(__file__).parents[1]

    def activate(self) -> None:
        """Make plain imports find this submission's modules and no other's."""
        if Loader._active is self:
            return
        if Loader._active is not None:
            Loader._active.deactivate()
        Loader._active = self
        if self.source is not None:
            sys.path.append(str(self.source))
            sys.path_importer_cache.pop(str(self.source), None)
            # What is imported from now on comes after it. To look through all the thousands costs 10 ms and more.
            sys.modules[_FENCE] = sys.modules.pop(_FENCE, ModuleType(_FENCE))
            sys.modules.update(self._own)

    def deactivate(self) -> None:
        """Leave `sys.path` and `sys.modules` as they were before this submission."""
        if Loader._active is not self:
            return
        Loader._active = None
        if self.source is None:
            return
        if str(self.source) in sys.path:
            sys.path.remove(str(self.source))
        since = itertools.takewhile(lambda name: name != _FENCE, reversed(sys.modules))
        found = {name: sys.modules.get(name) for name in (*self._covered, *since)}
        self._own = {name: module for name, module in found.items() if module and self._owns(module)}
        for name in self._own:
            del sys.modules[name]
        sys.modules.update(self._covered)

    def forget(self) -> None:
        """Have the submission's modules imported again when they are next asked for."""
        self.deactivate()
        self._own.clear()
        self._covered.clear()

    def function(self, module: str, name: str) -> Callable[..., object]:
        """Return a function of the submission.

        Raises ModuleNotFoundError or AttributeError saying what is there instead, and whatever the import raises.
        """
        self.activate()
        loaded = self._trusted(module) if self.source is None else self._student(module, self.source)
        found = getattr(loaded, name, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
        if found is not None:
            raise AttributeError(f"{module}.{name} is a {type(found).__name__}, and a function is needed.")
        defined = sorted(key for key, value in vars(loaded).items() if callable(value) and not key.startswith("_"))
        raise AttributeError(f"{module}.py has no function {name}{_instead(name, defined)}")

    def _trusted(self, module: str) -> ModuleType:
        if not module.startswith(f"{TRUSTED_PACKAGE}."):
            raise ModuleNotFoundError(f"{module} is no module of the grader.")
        return importlib.import_module(module)

    def _student(self, name: str, source: Path) -> ModuleType:
        present = sys.modules.get(name)
        if present is not None and self._owns(present):
            return present
        file = next((file for file in (source / f"{name}.py", source / name / "__init__.py") if file.is_file()), None)
        if file is None or not name.isidentifier():
            there = sorted(path.stem for path in source.glob("*.py"))
            raise ModuleNotFoundError(f"There is no {name}.py in the submission{_instead(name, there)}")
        return self._execute(name, file)

    def _execute(self, name: str, file: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(f"{file.name} cannot be imported.")
        module = importlib.util.module_from_spec(spec)
        covered = sys.modules.get(name)
        if covered is not None:
            self._covered[name] = covered
        # Before it runs, as the import statement does: modules may import one another in a circle.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        return module

    def _owns(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        places: Iterable[object] = [file] if file else list(getattr(module, "__path__", None) or [])
        return any(isinstance(place, str) and place.startswith(f"{self.source}/") for place in places)


def _instead(wanted: str, present: list[str]) -> str:
    """Finish the sentence that says what is missing with what is there, and the likeliest slip of the pen."""
    if not present:
        return "; it holds no .py file at all."
    near = difflib.get_close_matches(wanted, present, n=1)
    listed = ", ".join(present[:20])
    return f"; it has {listed}." + (f" Did you mean {near[0]}?" if near else "")
