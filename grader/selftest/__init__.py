"""The grader proves itself: right, wrong and hostile submissions against what each must get."""
