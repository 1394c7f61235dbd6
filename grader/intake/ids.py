"""Ids for a whole class: readable, safe as the name of a folder, never shared, whatever students call themselves."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from grader.intake.handin import Handin
from grader.intake.names import HASHED_ID, OUR_FILES

LONGEST = 48
WINDOWS_KEEPS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
ATTEMPT = re.compile(r".*-attempt-\d+")


def unique_ids(handins: Sequence[Handin]) -> list[str]:
    """Return an id for each: small ASCII letters, digits, `._-`; the latest attempt has its owner's bare id.

    Only where two owners would share one does a part of a hash over source and owner follow. All are small letters, so
    they differ on disks that ignore case too.
    """
    bare = _bare_ids(handins)
    latest: dict[tuple[str, str], Handin] = {}
    for handin in handins:
        best = latest.setdefault(_owner(handin), handin)
        if _order(handin) > _order(best):
            latest[_owner(handin)] = handin
    ids = [
        bare[_owner(handin)] + ("" if latest[_owner(handin)] is handin else f"-attempt-{handin.attempt}")
        for handin in handins
    ]
    twice = {id for id, count in Counter(ids).items() if count > 1}
    return [f"{id}-{_digest(handin.path.name)}" if id in twice else id for id, handin in zip(ids, handins, strict=True)]


def _bare_ids(handins: Sequence[Handin]) -> dict[tuple[str, str], str]:
    slugs = {_owner(handin): _slug(handin.label) for handin in handins}
    shared = {slug for slug, count in Counter(slugs.values()).items() if count > 1}
    return {
        owner: slug if _is_fine(slug) and slug not in shared else _hashed(slug, owner) for owner, slug in slugs.items()
    }


def _is_fine(slug: str) -> bool:
    special = WINDOWS_KEEPS.fullmatch(slug) or HASHED_ID.fullmatch(slug) or ATTEMPT.fullmatch(slug)
    return bool(slug) and not special and not slug.endswith(OUR_FILES)


def _hashed(slug: str, owner: tuple[str, str]) -> str:
    readable = f"student-{slug}" if not slug or WINDOWS_KEEPS.fullmatch(slug) else slug
    return f"{readable.rstrip('-')}-{_digest('/'.join(owner))}"


def _slug(label: str) -> str:
    decomposed = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", decomposed)[:LONGEST].strip("-._")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _owner(handin: Handin) -> tuple[str, str]:
    return handin.source, handin.owner


def _order(handin: Handin) -> tuple[int, float]:
    return handin.attempt, handin.submitted_at.timestamp() if handin.submitted_at else 0.0
