"""One student's files where a download strews them among everybody's."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from grader.intake.archive import SUFFIXES
from grader.intake.handin import Listing
from grader.intake.items import pack_files


def is_archive(name: str) -> bool:
    """Tell by its name whether a file is an archive."""
    return name.lower().endswith(SUFFIXES)


def gather(files: Mapping[str, Path], owner: str, listing: Listing) -> Path:
    """Return one path for all of a student's files: an archive alone is itself, all else is packed into one zip."""
    [first, *others] = files
    if not others and is_archive(first):
        return files[first]
    name = hashlib.sha256(f"{listing.around}/{owner}".encode(errors="surrogatepass")).hexdigest()[:16]
    return pack_files(files, listing.workspace / f"loose-{name}")
