"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Device(StrEnum):
    """Where the training run and its judge work."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Lang(StrEnum):
    """The language of reports and of what is printed about them."""

    EN = "en"
    ES = "es"


LangOption = Annotated[
    Lang | None,
    typer.Option("--lang", envvar="GRADER_LANG", help="Language of the report.", show_default="the lab's own"),
]
LabOption = Annotated[
    str | None, typer.Option("--lab", help="A lab's name, or its folder.", show_default="the lab marked default")
]
ModelOption = Annotated[str, typer.Option("--model", help="A model of lab.toml, a local folder, a hub id, or auto.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where to train and judge.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="Repeat a grading exactly (default: drawn anew).")
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the reports.")]
