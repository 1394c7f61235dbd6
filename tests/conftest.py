"""What the tests of several rooms share."""

from collections.abc import Iterator

import pytest

from grader.worker import Server


@pytest.fixture(scope="session")
def warm_server() -> Iterator[Server]:
    """One warm server for the whole session: it takes seconds to start and milliseconds to fork."""
    with Server.start() as server:
        yield server
