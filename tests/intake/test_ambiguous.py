"""Archives that one program reads so and another so: what is ambiguous is refused, and costs little memory."""

import gzip
import lzma
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.intake.names import refuse_clashes, refuse_devices, split_name
from tests.intake.test_archive import header, refusal, take, tarred, zipped

PAX = tarfile.XHDTYPE
GLOBAL = tarfile.XGLTYPE


def record(key: str, value: str) -> bytes:
    """Write one record of an extended tar header: its own length in front."""
    body = f" {key}={value}\n".encode()
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def extended(kind: bytes, *records: bytes) -> bytes:
    body = b"".join(records)
    return bytes(header("x", len(body), kind)) + body + bytes(-len(body) % 512)


def listed_at(data: bytearray, name: str) -> int:
    """Return where a zip's list speaks of a file."""
    return data.index(name.encode(), data.index(b"PK\x01\x02")) - 46


def test_two_zips_in_one_file_are_refused(tmp_path: Path) -> None:
    shown = zipped(tmp_path / "shown.zip", ("one.py", b"shown")).read_bytes()
    used = zipped(tmp_path / "used.zip", ("one.py", b"used")).read_bytes()
    (tmp_path / "shown.zip").unlink()
    (tmp_path / "used.zip").unlink()
    (tmp_path / "x.zip").write_bytes(shown + used)
    assert "something precedes them" in refusal(tmp_path / "x.zip")


def test_a_zip_with_something_behind_its_end_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b""))
    path.write_bytes(path.read_bytes() + b"more")
    assert "something follows its end" in refusal(path)


def test_a_zips_comment_is_no_trouble(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("one.py", b"1")
        archive.comment = b"the commit that it was made from"
    assert take(tmp_path / "x.zip").read("one.py", 9) == b"1"


def test_files_of_a_zip_that_overlap_are_refused(tmp_path: Path) -> None:
    """The cheapest bomb: a thousand names for the same bytes."""
    path = zipped(tmp_path / "x.zip", ("one.py", bytes(1 << 20)), ("two.py", b"x" * 4000))
    data = bytearray(path.read_bytes())
    place = listed_at(data, "two.py")
    data[place + 42 : place + 46] = struct.pack("<I", 60)
    path.write_bytes(data)
    assert "overlap" in refusal(path)


def test_a_file_of_a_zip_that_reaches_into_its_list_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x"), method=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    place = listed_at(data, "one.py")
    data[place + 20 : place + 28] = struct.pack("<II", 60, 60)
    path.write_bytes(data)
    assert "overlap with its list" in refusal(path)


def test_a_zip64_header_that_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("one.py", "w", force_zip64=True) as member:
        member.write(b"x")
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + 20 : place + 28] = b"\xff" * 8  # both sizes are said to stand in the extra field
    extra = struct.pack("<HHQQ", 1, 16, 2**63, 2**63)
    data[place + 30 : place + 32] = struct.pack("<H", len(extra))
    data[place + 46 + 6 : place + 46 + 6] = extra
    end = data.index(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", end - place)
    path.write_bytes(data)
    refusal(path)


def test_a_zip_whose_list_and_file_differ_in_name_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"1"))
    path.write_bytes(path.read_bytes().replace(b"one.py", b"two.py", 1))
    assert "damaged" in refusal(path)


def test_a_zip_that_is_a_tar_too_is_read_as_a_zip_from_start_to_end(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"1"), ("x" * 230, b""), method=zipfile.ZIP_STORED)
    data = path.read_bytes()
    before = 257 - data.index(b"x" * 230)
    assert before > 0
    path.write_bytes(data.replace(b"x" * 230, b"x" * before + b"ustar" + b"x" * (225 - before)))
    assert path.read_bytes()[257:262] == b"ustar"
    assert take(path).read("one.py", 9) == b"1"


@pytest.mark.parametrize(
    ("key", "value", "trouble"),
    [
        ("path", "../../escaped", "climbs out"),
        ("path", "/escaped", "absolute"),
        ("path", "a\x1b[31mb", "control character"),
        ("size", str(4 << 30), "damaged"),
        ("size", "-512", "damaged"),
        ("size", "9" * 5000, "damaged"),
        ("GNU.sparse.size", str(4 << 30), "special file"),
        ("GNU.sparse.map", "0,1," * 900, "damaged"),
    ],
)  # fmt: skip
def test_an_extended_header_gives_no_name_or_size_that_is_not_checked(
    key: str, value: str, trouble: str, tmp_path: Path
) -> None:
    more = [record("GNU.sparse.map", "0,1")] if key == "GNU.sparse.size" else []
    path = tmp_path / "x.tar"
    path.write_bytes(header("one.py", 0) + extended(PAX, *more, record(key, value)) + header("evil", 0) + bytes(1024))
    assert trouble in refusal(path)


@pytest.mark.parametrize("key", ["path", "size", "mtime", "anything"])
def test_a_header_that_speaks_for_all_files_is_refused_unless_it_is_gits(key: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(extended(GLOBAL, record(key, "1")) + header("one.py", 0) + bytes(1024))
    assert "speaks for all files" in refusal(path)
    path.write_bytes(extended(GLOBAL, record("comment", "5f" * 20)) + header("one.py", 0) + bytes(1024))
    assert take(path).info.files == 1


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress])
def test_a_tar_with_something_behind_its_end_is_refused(compress: object, tmp_path: Path) -> None:
    plain = bytes(header("one.py", 0)) + bytes(1024) + bytes(header("two.py", 0)) + bytes(1024)
    (tmp_path / "x.tar").write_bytes(compress(plain))  # type: ignore[operator]
    assert "something follows its end" in refusal(tmp_path / "x.tar")


@pytest.mark.parametrize("end", [b"junk", lzma.compress(b"second")])
def test_something_behind_a_compressed_tar_is_refused(end: bytes, tmp_path: Path) -> None:
    path = tarred(tmp_path / "x.txz", ("one.py", b""), mode="w:xz")
    path.write_bytes(path.read_bytes() + end)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    ("magic", "kind"),
    [(b"7z\xbc\xaf\x27\x1c", "a 7z"), (b"Rar!\x1a\x07", "a RAR"), (b"\x28\xb5\x2f\xfd", "a Zstandard")],
)
def test_an_archive_of_another_kind_is_named(magic: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(magic + bytes(600))
    assert f"this is {kind} archive, which is not read" in refusal(tmp_path / "x")


@pytest.mark.parametrize(
    "name", ["CON", "aux.py", "data/Nul.jsonl", "com1", "LPT9.txt", "prn .py", "nul/a.py", "COM².x"]
)
def test_a_name_that_means_a_device_on_windows_is_refused(name: str) -> None:
    with pytest.raises(SubmissionError, match="means a device on Windows; rename"):
        refuse_devices([split_name(name)])


def test_names_that_only_begin_like_a_device_are_fine() -> None:
    refuse_devices([split_name(name) for name in ("console.py", "auxiliary.py", "com10", "null", "data/contra.py")])


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.py", "a.py."), ("a/b", "a /c"), ("x.", "x "), ("\u1e9b\u0323", "\u1e69"), ("\ufb01.py", "FI.py"), ("ß", "SS")],
)
def test_names_that_windows_or_macos_would_take_for_one_are_refused(one: str, other: str) -> None:
    with pytest.raises(SubmissionError, match="one file on some disks"):
        refuse_clashes([split_name(one), split_name(other)])


def test_a_folder_as_deep_as_paths_may_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "one.py").touch()
    try:
        subprocess.run(["mkdir", "-p", "/".join("a" * 1100)], cwd=tmp_path / "x", check=True)
        assert "deep in each other" in refusal(tmp_path / "x")
    finally:
        subprocess.run(["rm", "-r", tmp_path / "x"], check=True)  # pytest's own cleaning recurses


def write_worst(folder: Path) -> None:
    """Write archives that would cost gigabytes: copied headers, maps of sparse files, dictionaries, lists, bombs."""
    keys = extended(GLOBAL, *(record(f"k{number}", "") for number in range(100_000)))
    own = extended(PAX, *(record(f"k{number}", "") for number in range(4_000)))
    files = b"".join(bytes(header(f"f{number}", 0)) for number in range(2_000))
    (folder / "global.tar").write_bytes(keys + bytes(header("one.py", 0)) + files + bytes(1024))
    (folder / "own.tar").write_bytes(bytes(header("one.py", 0)) + (own + bytes(header("x", 0))) * 200 + bytes(1024))
    sparse = header("one.py", 0, tarfile.GNUTYPE_SPARSE)
    sparse[482] = 1
    sparse[148:156] = b"%06o\0 " % (sum(sparse[:148]) + 8 * ord(" ") + sum(sparse[156:]))
    block = (b"00000000001\0" * 42) + b"\1" + bytes(7)
    (folder / "sparse.tar").write_bytes(bytes(sparse) + block * 30_000 + bytes(1024))
    packed = bytearray(lzma.compress(bytes(100)))
    packed[packed.index(b"\x21\x01", 12) + 2] = 40  # a dictionary of 4 GiB
    size = 4 * (packed[12] + 1)
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(packed[12 : 12 + size - 4])))
    (folder / "dictionary.txz").write_bytes(packed)
    entry = b"PK\x01\x02" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0, 0, 100_000 * len(entry), 30, 0)
    (folder / "listed.zip").write_bytes(b"PK\x03\x04" + bytes(26) + entry * 100_000 + end)
    with gzip.open(folder / "bomb.tgz", "wb") as stream:
        for _ in range(30):
            stream.write(bytes(1 << 20))


LIMITED = """
import resource, sys
from pathlib import Path
from grader.errors import SubmissionError
from grader.intake import open_submission
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 256 * 2**20,) * 2)
for number, path in enumerate(sorted(Path(sys.argv[1]).iterdir())):
    try:
        open_submission(path, Path(sys.argv[2], str(number)), ("one.py",))
        print("taken", path.name)
    except SubmissionError as refusal:
        assert "MemoryError" not in str(refusal), refusal
        print("refused", path.name)
"""


def test_no_archive_takes_more_than_256_mib_to_read(tmp_path: Path) -> None:
    (tmp_path / "worst").mkdir()
    write_worst(tmp_path / "worst")
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "worst"), str(tmp_path / "work")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split("\n").count("") == 1
    assert {line for line in done.stdout.splitlines() if line.startswith("taken")} <= {"taken own.tar"}
