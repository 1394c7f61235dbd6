"""Side-by-side measurements: every figure is a ratio of two things run in turn in one process tree."""
