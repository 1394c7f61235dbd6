"""The student's copy of a lab: made from what is released, and refused where it would hold an answer."""
