"""The fingerprints of a class's code: taken while a submission is read, kept in the journal, compared at the end."""

import hashlib
from collections.abc import Sequence

import numpy as np

from grader.batch.journal import Journal
from grader.batch.names import Names
from grader.errors import SubmissionError
from grader.facts import ROOT, hash_files
from grader.intake import Submission
from grader.lab import Lab
from grader.render.classroom import Alike, Similarity
from grader.similarity.fingerprints import Prints, all_runs, fingerprint
from grader.similarity.pairs import Hashes, Pair, find_pairs
from grader.similarity.passages import find_passages

MOST_PAIRS, MOST_PASSAGES, MOST_LINES = 20, 3, 16  # shown on the page
LARGEST_FILE, LARGEST, MOST_FILES = 256 * 1024, 1024 * 1024, 100  # of the Python files of one submission


class Fingerprinter:
    """Takes the fingerprints of submissions to a lab, but for what was handed out. Safe in several threads."""

    def __init__(self, lab: Lab, journal: Journal) -> None:
        """Read what was handed out: stubs and visible tests, which some hand in again."""
        sources = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(lab.folder.rglob("*.py"))]
        self._released, self._journal = all_runs(sources), journal
        self._made_from = hashlib.sha256("\0".join([hash_files(ROOT, ("similarity",)), *sources]).encode()).hexdigest()

    def keep(self, id: str, submission: Submission) -> None:
        """Keep the fingerprints of a submission, where those that are kept are not of the same files."""
        key = f"{submission.info.sha256}:{self._made_from}"
        kept = self._journal.read_prints(id)
        if kept is None or kept.key != key:
            self._journal.write_prints(id, fingerprint(_sources(submission), self._released, key))


def compare_class(journal: Journal, ids: Sequence[str], names: Names) -> Similarity:
    """Return the pairs among some submissions that share most, with the passages to look at."""
    found = find_pairs([_hashes(journal.read_prints(id)) for id in ids], MOST_PAIRS)
    return Similarity([_show(pair, journal, ids, names) for pair in found.pairs], found.total, found.common)


def _hashes(prints: Prints | None) -> Hashes:
    return np.unique(np.array([one.hash for one in prints.prints] if prints else [], dtype=np.uint64))


def _show(pair: Pair, journal: Journal, ids: Sequence[str], names: Names) -> Alike:
    left, right = journal.read_prints(ids[pair.left]), journal.read_prints(ids[pair.right])
    passages = find_passages(left, right, MOST_PASSAGES, MOST_LINES) if left and right else []
    return Alike(
        left=names.name(ids[pair.left]),
        right=names.name(ids[pair.right]),
        shared=pair.shared,
        left_share=pair.left_share,
        right_share=pair.right_share,
        passages=[names.show_passage(passage) for passage in passages],
    )


def _sources(submission: Submission) -> dict[str, str]:
    """Read the Python files of a submission; what is over a limit is not compared."""
    names = sorted(path.relative_to(submission.root).as_posix() for path in submission.root.rglob("*.py"))
    sources: dict[str, str] = {}
    left = LARGEST
    for name in names[:MOST_FILES]:
        try:
            content = submission.read(name, min(LARGEST_FILE, left))
        except SubmissionError:  # too large, or a folder of that name
            continue
        if content:
            left -= len(content)
            sources[name.encode(errors="replace").decode()] = content.decode(errors="replace")
    return sources
