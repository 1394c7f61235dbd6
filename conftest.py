"""Gives every session the grader's pytest plugin and, in a lab, the student's summary and report."""

pytest_plugins = ["grader.checks.plugin", "grader.practice.plugin"]
