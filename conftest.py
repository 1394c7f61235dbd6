"""Gives pytest the checks of a lab, and in a student's own run the summary and the report at its end."""

import sys
from importlib.util import find_spec

import pytest

NEEDED = ("grader", "hypothesis", "jinja2", "msgspec", "numpy", "pydantic", "rich")
MISSING = [name for name in NEEDED if find_spec(name) is None]

pytest_plugins = [] if MISSING else ["grader.checks.plugin", "grader.practice.plugin"]


def pytest_addoption() -> None:
    """Stop with one sentence where this is not the Python that the grader was installed for."""
    if MISSING:
        raise pytest.UsageError(
            f"this pytest belongs to {sys.executable}, which lacks {', '.join(MISSING)}. "
            "Activate the environment that holds the grader (. .venv/bin/activate), or run .venv/bin/pytest."
        )
