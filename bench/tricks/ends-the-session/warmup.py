"""A1: asks pytest itself to stop, and to call that a success."""


def steps_per_epoch(num_examples, batch_size):
    import pytest

    pytest.exit("done", returncode=0)


def mean_loss(losses):
    steps_per_epoch(0, 0)
