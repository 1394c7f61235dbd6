"""`lab.toml` as typed records. Every mistake in the file is reported at once, each with its place."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.errors import LabError

Points = Annotated[float, Field(gt=0, le=100)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]


class Spec(BaseModel):
    """Base of every table in lab.toml: an unknown key is a mistake, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Spec):
    """What one submission may use. Seconds of wall clock, and MiB."""

    call_s: float = Field(10.0, gt=0, description="one call of a student's function, unless its check says otherwise")
    check_s: float = Field(60.0, gt=0, description="one check, all its examples together")
    train_s: float = Field(600.0, gt=0, description="the training run's call of fine_tune")
    memory_mb: int = Field(6144, gt=0, description="address space beyond what the warm server holds")
    scratch_mb: int = Field(256, gt=0, description="files that the student's code may write")
    reply_mb: int = Field(8, gt=0, description="one reply over the wire")
    output_kb: int = Field(64, gt=0, description="printed text that is kept; the rest is read and thrown away")
    examples: int = Field(60, gt=0, description="Hypothesis examples a property")


class TaskSpec(Spec):
    """One task: its checks by name with their points. A check's id is `task.name`."""

    name: Name
    title: str
    module: str | None = None
    lesson: str = ""
    visible: dict[Name, Points] = {}
    hidden: dict[Name, Points] = {}
    measures: dict[Name, Points] = {}

    def points_by_id(self) -> dict[str, float]:
        """Return every check's id with its points: visible, then hidden, then the training run's measures."""
        groups = (self.visible, self.hidden, self.measures)
        return {f"{self.name}.{check}": points for group in groups for check, points in group.items()}

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [*self.visible, *self.hidden, *self.measures]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"task {self.name}: listed in more than one table: {', '.join(twice)}")
        return self


class ModelProfile(Spec):
    """A model that the training run may use, and where it comes from."""

    architecture: Literal["gpt2", "llama", "mistral"]
    source: Literal["bundled", "hub", "package"]
    location: str = Field(description="a folder of this project, a hub id, or a package on the Python index")
    licence: str
    train_s: float | None = Field(
        None, gt=0, description="seconds for fine_tune, where a small model needs fewer than limits.train_s"
    )
    parameters_m: float = Field(gt=0, description="millions of parameters")
    mirror: str = Field("", description="a hub id of the same model, used where the hub answers")
    needs: Literal["cpu", "cuda"] = "cpu"
    bits: Literal[4, 8, 16, 32] = 32
    sha256: str = Field("", description="of the weights as downloaded; empty where the hub verifies them itself")
    general_text: str = Field(
        "general.jsonl", description="neutral text in the held-out folder to measure forgetting on"
    )


class Criterion(Spec):
    """One of the lesson's success criteria, and the tasks or checks (by id) that are its evidence."""

    title: str
    evidence: list[str] = Field(min_length=1)


class LabSpec(Spec):
    """A whole lab.toml."""

    lab: Name
    title: str
    default: bool = Field(False, description="the lab that a command means when it names none")
    files: list[str] = Field([], description="what a submission may hold beside its tasks' modules")
    limits: Limits = Limits()
    tasks: list[TaskSpec] = Field(min_length=1)
    models: dict[ModelName, ModelProfile] = {}
    criteria: list[Criterion] = []

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(sum(task.points_by_id().values()) for task in self.tasks)
        if round(total, 6) != 100:
            raise ValueError(f"the points of all checks must sum to 100, and they sum to {total:g}")
        known = {task.name for task in self.tasks} | set(self.manifest())
        for criterion in self.criteria:
            unknown = [name for name in criterion.evidence if name not in known]
            if unknown:
                raise ValueError(f"criterion {criterion.title!r}: no such task or check: {', '.join(unknown)}")
        return self

    def manifest(self) -> dict[str, float]:
        """Return every check of the lab by id, with its points, in order."""
        return {id: points for task in self.tasks for id, points in task.points_by_id().items()}

    def task_of(self, check_id: str) -> TaskSpec:
        """Return the task that a check belongs to. Raises KeyError for an unknown id."""
        name = check_id.partition(".")[0]
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(check_id)


def load_spec(path: Path) -> LabSpec:
    """Read lab.toml. Raises LabError with every mistake and its place in one message."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return LabSpec.model_validate(table)
    except OSError as error:
        raise LabError(f"{path}: cannot be read ({error.strerror}); a lab needs a lab.toml.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabError(f"{path}: not valid TOML: {error}.") from error
    except ValidationError as error:
        mistakes = "; ".join(_describe(detail["loc"], detail["msg"]) for detail in error.errors())
        raise LabError(f"{path}: {mistakes}.") from error


def _describe(location: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part) for part in location)
    return f"{place}: {message}" if place else message.removeprefix("Value error, ")
