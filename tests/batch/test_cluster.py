"""A class on a Ray cluster of two nodes on this machine comes out as it does with the local engine."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from grader.batch.attendance import Class
from grader.batch.cluster import RayEngine
from grader.batch.command import run_batch
from grader.batch.settings import Asked
from grader.errors import HarnessError, UsageError
from tests.batch.classroom import RIGHT, SEED, STUB, SUMS, Classroom, timeless

pytestmark = [pytest.mark.slow, pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]
GIB = 2**30
AnyCluster = Any  # Ray may not be installed


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[AnyCluster]:
    """Two nodes with a core each."""
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "memory": 8 * GIB})
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    yield made
    made.shutdown()


def grade(classroom: Classroom, out: Path) -> tuple[int, dict[str, object]]:
    """Run the batch on the cluster; return the exit code and all results by id."""
    asked = Asked(classroom.lab, "auto", "auto", SEED)
    group = Class(classroom.folder, out, "latest", None, None)
    code = run_batch(asked, group, lambda terms: RayEngine(terms, None), Console(quiet=True))
    return code, {path.parent.name: timeless(path) for path in sorted(out.glob("[!.]*/result.json"))}


def kill_in_the_middle(cluster: AnyCluster, node: object, out: Path) -> None:
    """Kill a node without a word once some of the class is graded."""
    while len(list(out.glob("[!.]*/result.json"))) < 6:
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)


def test_a_node_that_dies_in_the_middle_costs_no_result(
    cluster: AnyCluster, classroom: Classroom, tmp_path: Path
) -> None:
    for number, source in enumerate((RIGHT, SUMS, STUB) * 8):
        classroom.add(f"student-{number:02}", source)
    (classroom.folder / "broken.zip").write_bytes(b"no zip")
    classroom.batch(seed=SEED)
    alone = {path.parent.name: timeless(path) for path in sorted(classroom.out.glob("[!.]*/result.json"))}
    second = cluster.add_node(num_cpus=1, memory=8 * GIB)
    out = tmp_path / "ray"
    killer = threading.Thread(target=kill_in_the_middle, args=(cluster, second, out))
    killer.start()
    code, results = grade(classroom, out)
    killer.join()
    assert code == 0
    assert len(results) == 24
    assert results == alone


def test_what_no_node_could_ever_do_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, classroom: Classroom) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "memory": GIB // 8})
    try:
        monkeypatch.setenv("RAY_ADDRESS", made.address)
        classroom.add("ada", RIGHT)
        with pytest.raises(UsageError, match="No node of the Ray cluster can take a job"):
            grade(classroom, classroom.out)
    finally:
        made.shutdown()


def test_a_cluster_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, classroom: Classroom) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra `ray`)")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    classroom.add("ada", RIGHT)
    with pytest.raises(HarnessError, match=r"No Ray cluster answers at RAY_ADDRESS=127\.0\.0\.1:1"):
        grade(classroom, classroom.out)
