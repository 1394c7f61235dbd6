"""One pure function for each gradebook: results go in, and the text of a file that its importer takes comes out."""

from enum import StrEnum


class Gradebook(StrEnum):
    """Where results can go."""

    GRADESCOPE = "gradescope"
    CANVAS = "canvas"
    MOODLE = "moodle"
    CLASSROOM50 = "classroom50"
    JUNIT = "junit"
    CSV = "csv"
