"""Grades that do not depend on luck: the reference over several seeds and models. Minutes of real training."""

import pytest

from grader.checks.warm import WarmChecks
from grader.errors import UsageError
from grader.grade import Grading
from grader.lab import find_lab
from grader.lab.folders import PROJECT
from grader.training import choose_model
from grader.worker import Server

REFERENCE = PROJECT / "solutions" / "week07"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("model", ["tiny-gpt2", "smollm2-135m"])
def test_the_reference_scores_100_whatever_the_seed(warm_server: Server, model: str, seed: int) -> None:
    lab = find_lab("week07")
    try:
        choice = choose_model(lab, model, "cpu")
    except UsageError as error:
        pytest.skip(f"{model} cannot be had here: {error}")
    with WarmChecks(lab, seed) as checks:
        result = Grading(lab, choice, warm_server, checks, seed, lambda message: None).grade(REFERENCE)
    assert [(check.id, check.message) for check in result.checks() if check.points < check.max_points] == []
    assert result.score == 100
    assert result.training is not None
    style = result.training.measurements["style_adoption"]
    assert style.base == 0
    assert style.value >= 0.8
