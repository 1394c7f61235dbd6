"""A6: a conftest.py that reports whatever fails as passed."""


def steps_per_epoch(num_examples, batch_size):
    return -1


def mean_loss(losses):
    return -1.0
