"""Every archive that lies, climbs out, explodes or is broken is refused in one sentence, and leaves nothing outside."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.intake import Caps, Submission, open_submission

EXPECTED = ("one.py",)
SMALL = Caps(unpacked_bytes=20 << 20)


def take(path: Path, caps: Caps = SMALL) -> Submission:
    return open_submission(path, path.parent / "work", EXPECTED, caps)


def refusal(path: Path, caps: Caps = SMALL) -> str:
    """Open an archive that must be refused; return the sentence, and see that nothing was written beside the copy."""
    with pytest.raises(SubmissionError) as caught:
        take(path, caps)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert {entry.name for entry in path.parent.iterdir()} <= {path.name, "work"}
    assert {entry.name for entry in (path.parent / "work").iterdir()} <= {"submission"}
    return sentence


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo | str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("../../escaped", "climbs out"),
        ("/escaped", "absolute"),
        ("C:/escaped", "absolute"),
        ("a\x07b", "control character"),
    ],
)
def test_a_member_that_leaves_the_archive_is_refused(
    pack: Callable[..., Path], name: str, trouble: str, tmp_path: Path
) -> None:
    assert trouble in refusal(pack(tmp_path / "x", ("one.py", b""), (name, b"")))


def test_a_backslash_in_a_zip_is_a_separator_that_climbs_no_better(tmp_path: Path) -> None:
    assert "climbs out" in refusal(zipped(tmp_path / "x.zip", ("one.py", b""), ("..\\escaped", b"")))


def test_a_zip_from_an_older_windows_tool_is_read(tmp_path: Path) -> None:
    zipped(tmp_path / "x.zip", ("ada\\one.py", b"1"), ("ada\\data\\train.jsonl", b"2"))
    assert take(tmp_path / "x.zip").read("data/train.jsonl", 9) == b"2"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "one.py"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (b"Z", ""),
    ],
    ids=["symlink", "hard link", "character device", "block device", "pipe", "unknown type"],
)
def test_a_tar_member_that_is_no_plain_file_is_refused(kind: bytes, target: str, tmp_path: Path) -> None:
    path = tarred(tmp_path / "x.tar", ("one.py", b""), (special("evil", kind, target), b""))
    assert "'evil' is a link or a special file" in refusal(path)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("evil")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    assert "'evil' is a link" in refusal(zipped(tmp_path / "x.zip", ("one.py", b""), (link, b"/etc/passwd")))


def test_links_inside_a_virtual_environment_are_junk_like_the_rest_of_it(tmp_path: Path) -> None:
    path = tarred(
        tmp_path / "x.tar", ("one.py", b""), (special(".venv/bin/python", tarfile.SYMTYPE, "/usr/bin/python3"), b"")
    )
    assert take(path).info.files == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(("other", "trouble"), [("one.py", "twice"), ("ONE.py", "one file on some disks")])
def test_a_second_file_of_the_same_name_is_refused(
    pack: Callable[..., Path], other: str, trouble: str, tmp_path: Path
) -> None:
    assert trouble in refusal(pack(tmp_path / "x", ("one.py", b"shown"), (other, b"used")))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x"))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag bits of the local header, then those in the list
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "'one.py' is encrypted" in refusal(path)


def test_a_zip_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b""), ("caf_.txt", b""))
    path.write_bytes(path.read_bytes().replace(b"caf_", b"caf\xe9"))
    assert "not UTF-8" in refusal(path)


def test_a_zip_that_only_says_that_it_is_utf8_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b""), ("caf\u00e9.txt", b""))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    assert "damaged" in refusal(path)


def test_a_utf8_name_without_the_flag_is_read_as_macos_means_it(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b""), ("caf__.txt", b"x"))
    path.write_bytes(path.read_bytes().replace(b"caf__", "café".encode()))
    assert take(path).read("café.txt", 9) == b"x"


def test_a_tar_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    assert "not UTF-8" in refusal(tarred(tmp_path / "x.tar", ("one.py", b""), ("caf\udce9", b"")))


def test_a_zip_method_that_unpacks_without_bounds_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x" * 99), method=zipfile.ZIP_BZIP2)
    assert "rare way" in refusal(path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", bytes(15 << 20)))
    assert "far more than its packed size" in refusal(path)


def test_a_zip_that_claims_four_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x"))
    data = bytearray(path.read_bytes())
    listed = data.index(b"PK\x01\x02")
    data[listed + 24 : listed + 28] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert "claims 4,096.0 MB" in refusal(path)


def test_a_zip_whose_file_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x" * 5000))
    data = bytearray(path.read_bytes())
    listed = data.index(b"PK\x01\x02")
    data[listed + 24 : listed + 28] = struct.pack("<I", 10)
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_a_zip_whose_list_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b"x"))
    data = bytearray(path.read_bytes())
    end = data.index(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 0xF0000000)
    path.write_bytes(data)
    refusal(path)


def test_a_zip_that_lists_very_many_files_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", *((f"{number:060}", b"") for number in range(90_000)), method=zipfile.ZIP_STORED)
    assert "lists too many files" in refusal(path)


def bomb(path: Path, compress: Callable[[bytes], bytes]) -> Path:
    with io.BytesIO() as plain:
        with tarfile.open(fileobj=plain, mode="w") as archive:
            info = tarfile.TarInfo("one.py")
            info.size = 30 << 20
            archive.addfile(info, io.BytesIO(bytes(30 << 20)))
        path.write_bytes(compress(plain.getvalue()))
    return path


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_tar_that_explodes_is_refused(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    assert "unpack to over" in refusal(bomb(tmp_path / "x.tgz", compress))


def base_256(size: int) -> bytes:
    """Write a size in GNU's base 256, which holds four gigabytes and negative sizes."""
    return bytes([0x80 if size >= 0 else 0xFF]) + (size % 256**11).to_bytes(11, "big")


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytearray:
    info = tarfile.TarInfo(name)
    info.type = kind
    data = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    data[124:136] = base_256(size)
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * ord(" ") + sum(data[156:]))
    return data


def test_a_tar_member_that_claims_four_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(header("one.py", 4 << 30) + bytes(2048))
    refusal(path)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE], ids=["long name", "extended header"])
@pytest.mark.parametrize("size", [4 << 30, -512, -(1 << 40)])
def test_a_tar_header_of_an_absurd_size_is_refused_without_reading_it(kind: bytes, size: int, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(header("x", size, kind) + header("one.py", 0) + bytes(1024))
    refusal(path)


@pytest.mark.parametrize("size", [-512, -1024, -(1 << 40)])
def test_a_tar_member_of_negative_size_neither_hangs_nor_passes(size: int, tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(header("one.py", 0) + header("evil", size) + bytes(2048))
    assert "damaged" in refusal(path)


def test_a_long_chain_of_tar_headers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    link = header("x", 2, tarfile.GNUTYPE_LONGNAME) + b"a".ljust(512, b"\0")
    path.write_bytes(link * 5000 + header("one.py", 0) + bytes(1024))
    assert "too long" in refusal(path)


def test_a_sparse_tar_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(header("one.py", 0) + header("evil", 0, tarfile.GNUTYPE_SPARSE) + bytes(1024))
    assert "special file" in refusal(path)


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])
def test_an_archive_cut_short_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    members = (("one.py", bytes(range(256)) * 20), ("two.py", b"2" * 700))
    if name.endswith("zip"):
        zipped(path, *members)
    else:
        with path.open("wb") as stream, tarfile.open(fileobj=stream, mode=f"w:{name[6:]}") as archive:  # type: ignore[call-overload]
            for member, content in members:
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0")) if name == "x.tar" else len(whole)
    for kept in {5, end // 3, end // 2, end - 5, *range(512, end, 1024)}:
        folder = tmp_path / f"cut-{kept}"
        folder.mkdir()
        (folder / name).write_bytes(whole[:kept])
        refusal(folder / name)


def test_a_damaged_header_does_not_hide_the_rest_of_a_tar(tmp_path: Path) -> None:
    path = tarred(tmp_path / "x.tar", ("one.py", b"1"), ("two.py", b"2"), mode="w:")
    data = bytearray(path.read_bytes())
    data[1024 + 148] ^= 1
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_a_zip_that_holds_itself_is_opened_once(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "x.zip", ("one.py", b"")).read_bytes()
    for _ in range(2):
        inner = zipped(tmp_path / "x.zip", ("deeper.zip", inner)).read_bytes()
    assert "one.py is neither here" in refusal(tmp_path / "x.zip")


def test_weights_in_a_zip_are_skipped_whatever_their_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("one.py", b""), ("model.safetensors", bytes(20 << 20)))
    assert take(path).warnings
