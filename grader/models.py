"""`grader models`: which models a lab's training run may use, what they take, and fetching one."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.errors import UsageError
from grader.grade import Progress
from grader.lab import find_lab
from grader.training.fetch import fetch
from grader.training.status import model_status


def print_models(lab: str | None, console: Console) -> None:
    """Print a table of the lab's models: state, size, memory of a LoRA run, licence. Raises LabError."""
    table = Table("model", "state", "parameters", "memory", "licence", box=None, pad_edge=False)
    for status in model_status(find_lab(lab)):
        size = f"{status.parameters_m:,.0f} M"
        table.add_row(status.name, status.state, size, f"{status.memory_gib:.1f} GiB", status.licence)
    console.print(table)


def print_memory(lab: str | None, console: Console) -> None:
    """Print a table of what each model's weights take at each width, in MiB. Raises LabError."""
    from grader.training.memory import WIDTHS, build_empty, weight_bytes

    table = Table("model", *(f"{bits} bits" for bits in WIDTHS), box=None, pad_edge=False)
    for name, profile in find_lab(lab).spec.models.items():
        model = build_empty(name, profile)
        sizes = [weight_bytes(model, bits) / 2**20 for bits in WIDTHS] if model else []
        table.add_row(name, *(f"{size:,.0f} MiB" for size in sizes))
    console.print(table)


def fetch_model(name: str, lab: str | None, progress: Progress) -> Path:
    """Fetch a model into this user's cache and return its folder. Raises LabError and UsageError."""
    profiles = find_lab(lab).spec.models
    if name not in profiles:
        raise UsageError(f"No model named {name!r}; this lab has {', '.join(profiles) or 'none'}.")
    return fetch(name, profiles[name], progress)
