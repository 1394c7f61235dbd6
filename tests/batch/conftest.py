"""The class that the tests of a batch grade."""

from pathlib import Path

import pytest

from grader.worker import Server
from tests.batch.classroom import Classroom


@pytest.fixture
def classroom(tmp_path: Path, warm_server: Server) -> Classroom:
    """An empty class of week 00."""
    return Classroom(tmp_path, warm_server)
