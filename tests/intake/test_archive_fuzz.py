"""Hundreds of archives put together and damaged at random: each is read or refused, and nothing lands elsewhere."""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake import Caps, Submission, open_submission
from tests.intake.test_ambiguous import extended, record
from tests.intake.test_archive import header

CAPS = Caps(total_bytes=1 << 20, file_bytes=1 << 18, files=50, depth=8, listed=200, unpacked_bytes=4 << 20)
COMPRESSIONS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, bz2.compress, lzma.compress]

parts = st.sampled_from(
    ["a", "A", "a.", "e\u0301", "é", "..", ".", "", "CON", "C:", "\u202e", "\x1b[2J", "\n::error::", "x" * 300]
)
names = st.one_of(
    st.sampled_from(["one.py", "labs/any/one.py", "ONE.py", "/one.py", "deep/" * 40 + "one.py", "inner.zip", "two.py"]),
    st.lists(parts | st.text(st.characters(exclude_characters="\x00"), max_size=4), max_size=4).map("/".join),
)
contents = st.sampled_from([b"", b"x" * 300, bytes(300_000), b"PK\x03\x04" + b"x" * 99]) | st.binary(max_size=40)
kinds = st.sampled_from([*[tarfile.REGTYPE] * 6, *tarfile.SUPPORTED_TYPES, b"Z"])


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """A zip whose members have hostile names, modes and flags."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about a name that is there twice
        for name in draw(st.lists(names, max_size=4)):
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode() or "one.py")
            info.create_system = draw(st.sampled_from([0, 3]))
            info.external_attr = draw(st.sampled_from([0, 0o100644, 0o120777, 0o040755, 0o010644])) << 16
            info.compress_type = draw(st.sampled_from([0, 8, 8, 12, 14]))
            archive.writestr(info, draw(contents))
        archive.comment = draw(st.sampled_from([b"", b"a comment", b"PK\x05\x06"]))
    return packed.getvalue()


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    """A tar, compressed or not, with extended headers that speak of names and sizes."""
    archive = b""
    for name in draw(st.lists(names, max_size=4)):
        if draw(st.integers(0, 4)) == 0:
            key = draw(st.sampled_from(["path", "size", "linkpath", "GNU.sparse.map", "hdrcharset", "comment", "x"]))
            value = draw(st.sampled_from(["one.py", "../x", "10", "-1", "0,1,2", "BINARY"]))
            archive += extended(draw(st.sampled_from([tarfile.XHDTYPE, tarfile.XGLTYPE])), record(key, value))
        content = draw(contents)
        size = draw(st.sampled_from([len(content)] * 8 + [len(content) + 1, -512, 1 << 33]))
        archive += bytes(header(name[:100], size, draw(kinds))) + content + bytes(-len(content) % 512)
    return draw(st.sampled_from(COMPRESSIONS))(archive + draw(st.sampled_from([bytes(1024)] * 5 + [b"", bytes(600)])))


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A zip or tar, mostly with bytes changed, cut out, doubled or put behind it."""
    data = bytearray(draw(zips() | tars()))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 5]))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 4, 46, 512])))
        data[start:end] = draw(st.binary(max_size=5)) + bytes(data[start:end]) * draw(st.sampled_from([0, 0, 1, 2]))
    return bytes(data)


def take(data: bytes, folder: Path) -> Submission:
    (folder / "packed").write_bytes(data)
    return open_submission(folder / "packed", folder / "work", ("one.py",), CAPS)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives())
def test_any_archive_is_read_within_the_caps_or_refused_in_a_sentence(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            submission = take(data, folder)
        except SubmissionError as refusal:
            sentence = str(refusal)
            assert sentence.removeprefix(f"{folder / 'packed'}: ").isprintable()
            assert sentence.endswith(".")
            assert len(sentence) < 600
        else:
            copied = [path for path in submission.root.rglob("*") if not path.is_dir()]
            assert all(path.is_file() and not path.is_symlink() for path in copied)
            assert submission.info.files == len(copied) <= CAPS.files
            assert submission.info.bytes == sum(path.stat().st_size for path in copied) <= CAPS.total_bytes
        assert {path.name for path in folder.iterdir()} <= {"packed", "work"}
        assert {path.name for path in (folder / "work").iterdir()} <= {"submission"}
