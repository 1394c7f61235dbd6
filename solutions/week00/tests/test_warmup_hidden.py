"""The check that students do not have: the same description, other numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

losses = st.lists(st.floats(0.0, 1e-3) | st.floats(1.0, 12.0), min_size=1, max_size=50)


@pytest.mark.check(
    task="warmup",
    points=20,
    title="The mean keeps small losses",
    hint="Do not round: a loss of 0.0004 is what a run that learns by heart ends on.",
)
@given(losses=losses)
def test_mean_keeps_small_losses(submission, losses):
    expected = math.fsum(losses) / len(losses)
    assert submission.warmup.mean_loss(losses) == pytest.approx(expected, rel=1e-9, abs=1e-12)
