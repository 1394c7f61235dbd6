"""The time of handing in, as a platform writes it."""

import re
from datetime import datetime


def read_time(text: str) -> datetime | None:
    """Read a time that says its zone; None for anything else, since a guess could cost points.

    ISO 8601, also as Ruby and GitHub write it, with a space before the zone or with UTC for Z.
    """
    joined = re.sub(r"\s+(?=(Z|[+-]\d\d:?\d\d)$)", "", re.sub(r"\s*UTC$", "Z", text.strip()))
    try:
        time = datetime.fromisoformat(joined)
    except ValueError:
        return None
    return time if time.tzinfo else None
