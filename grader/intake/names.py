"""Names from outside: made safe as an id, split and checked as a path inside a submission, sorted out as junk."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from grader.errors import SubmissionError

PLAIN_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?")
HASHED_ID = re.compile(r".*-[0-9a-f]{16}")
OUR_FILES = (
    ".html",
    ".json",
    ".jsonl",
    ".csv",
    ".xml",
    ".md",
    ".toml",
    ".lock",
)  # a report folder holds such files of ours

JUNK_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", ".tox", "node_modules", "__MACOSX", "__pycache__"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode"}
)
JUNK_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
JUNK_SUFFIXES = (".pyc", ".pyo")
MODEL_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".h5")
CHECKPOINT = re.compile(r"checkpoint-\d+")
DRIVE = re.compile(r"[A-Za-z]:")
DEVICE = re.compile(
    r"(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])\s*(\..*)?", re.IGNORECASE
)  # on Windows, whatever follows


def clean_id(name: str) -> str:
    """Turn the name of a folder or archive into an id that is safe as one component of a path and of a link.

    A plain name (ASCII letters, digits, `._-`, at most 80 characters, not hidden) is its own id. Any other name becomes
    its plain characters and 16 hexadecimal digits of its SHA-256. A plain name that already ends in such digits is
    hashed too, so a plain id never equals a hashed one, and two hashed ones differ because their hashes do.
    """
    plain = PLAIN_ID.fullmatch(name) and not HASHED_ID.fullmatch(name) and not name.lower().endswith(OUR_FILES)
    if plain:
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    decomposed = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", decomposed).strip("-._")[:60]
    return f"{readable or 'submission'}-{digest}"


def quote(name: str) -> str:
    """Quote a name for a sentence: control characters and bidirectional marks escaped, long names cut."""
    return repr(name) if len(name) <= 100 else f"{name[:100]!r}…"


def show(path: Path) -> str:
    """Write a path for a sentence: as it is where all of it can be printed, quoted elsewhere."""
    text = str(path)
    return text if text.isprintable() and len(text) <= 1000 else quote(text)


def split_name(name: str) -> tuple[str, ...]:
    """Split a relative POSIX name into its parts, `.` and empty ones dropped.

    Raises SubmissionError for a name that is absolute, climbs with `..`, has a drive letter, a backslash or a control
    character, or is not UTF-8.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise SubmissionError(
            f"the name {quote(name)} is not UTF-8; rename the file in plain letters and pack it again."
        ) from error
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or DRIVE.match(name):
        raise SubmissionError(f"the name {quote(name)} is absolute; pack the folder itself, so that names start in it.")
    if ".." in parts:
        raise SubmissionError(f"the name {quote(name)} climbs out with '..'; pack the folder itself, without it.")
    if "\\" in name or any(unicodedata.category(character) == "Cc" for character in name):
        raise SubmissionError(
            f"the name {quote(name)} holds a backslash or control character; rename the file in plain letters."
        )
    return parts


def is_junk(parts: tuple[str, ...]) -> bool:
    """Tell whether a file is a by-product (caches, version control, environments) that is left out silently."""
    name = parts[-1]
    by_product = name in JUNK_FILES or name.startswith("._") or name.endswith(JUNK_SUFFIXES)
    return by_product or not JUNK_FOLDERS.isdisjoint(parts)


def is_model(parts: tuple[str, ...]) -> bool:
    """Tell whether a file is weights or part of a checkpoint; the grader trains its own and leaves these out."""
    in_checkpoint = any(CHECKPOINT.fullmatch(part) for part in parts[:-1])
    return in_checkpoint or parts[-1].lower().endswith(MODEL_SUFFIXES)


def refuse_clashes(names: Iterable[tuple[str, ...]]) -> None:
    """Refuse files named twice, or told apart only by case or by Unicode form: on some disks they are one file.

    A file and a folder of one name clash too. Raises SubmissionError for the first clash.
    """
    seen: dict[str, str] = {}
    for parts in names:
        *above, path = accumulate(parts, "{}/{}".format)
        for folder in above:
            spelled = seen.setdefault(_key(folder), f"{folder}/")
            if spelled != f"{folder}/":
                raise _clash(spelled, f"{folder}/")
        if _key(path) in seen:
            raise _clash(seen[_key(path)], path)
        seen[_key(path)] = path


def refuse_devices(names: Iterable[tuple[str, ...]]) -> None:
    """Refuse names that mean a device on Windows, where the file could be neither unpacked nor opened."""
    for parts in names:
        if any(DEVICE.fullmatch(part) for part in parts):
            raise SubmissionError(f"the name {quote('/'.join(parts))} means a device on Windows; rename the file.")


def _key(path: str) -> str:
    """Return what names of one file have in common: canonical caseless matching (Unicode 3.13, D145), and Windows drops
    spaces and dots at the end of a name."""
    trimmed = "/".join(part.rstrip(" .") for part in path.split("/"))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", trimmed).casefold())


def _clash(one: str, other: str) -> SubmissionError:
    if one == other:
        return SubmissionError(f"the file {quote(one)} is there twice; keep one of the two and pack it again.")
    return SubmissionError(f"{quote(one)} and {quote(other)} are one file on some disks; rename one of the two.")
