"""The checks that students have."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks import fail


@pytest.mark.check(
    task="warmup",
    points=30,
    title="Every example has its step",
    hint="20 examples in batches of 8 are 8 + 8 + 4: three batches. The operator // rounds down.",
)
@given(num_examples=st.integers(0, 10_000), batch_size=st.integers(1, 100))
def test_every_example_has_its_step(submission, num_examples, batch_size):
    assert submission.warmup.steps_per_epoch(num_examples, batch_size) == math.ceil(num_examples / batch_size)


@pytest.mark.check(
    task="warmup",
    points=20,
    title="A batch of nothing is refused",
    hint='raise ValueError("…") where the batch size is below 1, and say so in the message.',
)
@given(batch_size=st.integers(-100, 0))
def test_batches_of_nothing_are_refused(submission, batch_size):
    submission.warmup.steps_per_epoch(20, 1)  # raises nothing: to refuse everything is no answer
    with pytest.raises(ValueError):
        submission.warmup.steps_per_epoch(20, batch_size)


@pytest.mark.check(task="warmup", points=20, title="The mean of a few losses", hint="Their sum, over their number.")
def test_mean_of_a_few_losses(submission):
    mean = submission.warmup.mean_loss([3.5, 2.5, 1.5, 1.0])
    if mean == 8.5:
        fail("This is the sum, and not yet the mean.", returned=mean, expected=2.125)
    assert mean == 2.125


@pytest.mark.check(
    task="warmup",
    points=10,
    title="The mean of nothing is refused",
    hint="Look whether there is a loss at all before you divide: a ZeroDivisionError is no ValueError.",
)
def test_mean_of_nothing_is_refused(submission):
    submission.warmup.mean_loss([1.0])
    with pytest.raises(ValueError):
        submission.warmup.mean_loss([])
