"""What only a student's own run has: the summary in the terminal, the report, the ticks in the progress file."""
