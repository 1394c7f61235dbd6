"""Experiments: a student's fine_tune over a small grid, and the curves of what more data, rate and rank bring."""
