"""Feedback on a pull request: which labs it changes, what they earn, where the author reads it. Used by CI."""
