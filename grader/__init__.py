"""The grader for fine-tuning labs. It knows no lab by name; see docs/architecture.md for its rooms."""

__version__ = "0.1.0"
