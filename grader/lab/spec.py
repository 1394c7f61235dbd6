"""`lab.toml` as typed records. Every mistake in the file is reported at once, each with its place."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.errors import LabError

Points = Annotated[float, Field(gt=0, le=100)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
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

    architecture: Literal["gpt2", "llama", "mistral", "other"]
    source: Literal["bundled", "hub", "package"]
    location: str = Field(description="a folder of this project, a hub id, or a package on the Python index")
    licence: str
    train_s: float | None = Field(
        None, gt=0, description="seconds for fine_tune, where a small model needs fewer than limits.train_s"
    )
    parameters_m: float = Field(gt=0, description="millions of parameters")
    threads: int | None = Field(None, ge=1, description="of a training run on the CPU; else one for each core")
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


class Goal(Criterion):
    """A line of the tracker. It is reached in a run in which all visible checks of its evidence pass."""

    title: str = Field(pattern=r"^\S([^\r\n]*\S)?$", description="one line, in as many languages as the class reads")


class Tracker(Spec):
    """The file in which a student's own runs tick what they reached; it lies beside the modules."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*\.md$")
    goals: list[Goal] = Field(min_length=1)


class ManualLine(Spec):
    """A criterion that a person judges, in overrides.toml. Until then its points count neither for nor against."""

    name: Name
    title: str
    points: float = Field(0, ge=0, le=100, description="0 where a level and a comment are all that it gives")


class LatePolicy(Spec):
    """What lateness costs, in points of the lab's 100; a score never falls below 0 by it."""

    due: Annotated[AwareDatetime, Field(strict=True)] = Field(description="with its zone: 2026-11-23T23:59:00+01:00")
    grace: float = Field(0, ge=0, description="minutes after `due` that cost nothing")
    per_day: float = Field(gt=0, le=100, description="points for each day begun after `due`")
    cap: float = Field(100, gt=0, le=100, description="the most that it costs")


class LabSpec(Spec):
    """A whole lab.toml."""

    lab: Name
    title: str
    default: bool = Field(False, description="the lab that a command means when it names none")
    language: Literal["en", "es"] = Field("en", description="of what students read, unless --lang says otherwise")
    files: list[str] = Field([], description="what a submission may hold beside its tasks' modules")
    limits: Limits = Limits()
    preload: list[ModuleName] | None = Field(
        None, description="what the warm server imports before it forks; all that a training run needs if left out"
    )
    tasks: list[TaskSpec] = Field(min_length=1)
    models: dict[ModelName, ModelProfile] = {}
    criteria: list[Criterion] = []
    manual: list[ManualLine] = []
    late: LatePolicy | None = None
    tracker: Tracker | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        by_hand = sum(line.points for line in self.manual)
        total = sum(sum(task.points_by_id().values()) for task in self.tasks) + by_hand
        if round(total, 6) != 100:
            others = " and manual lines" if by_hand else ""
            raise ValueError(f"the points of all checks{others} must sum to 100, and they sum to {total:g}")
        names = [line.name for line in self.manual]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"manual lines: listed twice: {', '.join(twice)}")
        known = {task.name for task in self.tasks} | set(self.manifest())
        goals = self.tracker.goals if self.tracker else []
        for criterion in [*self.criteria, *goals]:
            unknown = [name for name in criterion.evidence if name not in known]
            if unknown:
                raise ValueError(f"criterion {criterion.title!r}: no such task or check: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _goals_can_be_reached(self) -> Self:
        goals = self.tracker.goals if self.tracker else []
        for goal in goals:
            if not self.visible_checks(goal.evidence):
                raise ValueError(f"goal {goal.title!r}: no visible check shows it, so no student's run could tick it")
        titles = [goal.title for goal in goals]
        if twice := sorted({title for title in titles if titles.count(title) > 1}):
            raise ValueError(f"goals of the tracker: listed twice: {', '.join(twice)}")
        return self

    def visible_checks(self, evidence: Sequence[str]) -> list[str]:
        """Return the ids of the visible checks among tasks and checks (by id)."""
        tasks = [(task, f"{task.name}.{name}") for task in self.tasks for name in task.visible]
        return [id for task, id in tasks if task.name in evidence or id in evidence]

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
