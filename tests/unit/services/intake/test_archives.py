"""Archives of strangers: what is refused, in one sentence, with nothing left on disk."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel

from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.intake import archive, uploads
from workbench.services.intake.names import Names

Change = Callable[[zipfile.ZipInfo], None]


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    app = Flask("words")
    Babel(app)
    with app.app_context():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Room for an upload of a megabyte and 20 files."""
    return Settings(data_dir=tmp_path / "data", upload_megabytes=1, upload_files=20)


@dataclass
class Sent:
    """A file as a browser sends it."""

    filename: str | None
    content: bytes
    stream: io.BytesIO = field(init=False)

    def __post_init__(self) -> None:
        self.stream = io.BytesIO(self.content)


def entry(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo()
    made.filename = made.orig_filename = name
    made.external_attr = (kind | 0o644) << 16
    return made


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in entries:
            given = entry(name) if isinstance(name, str) else name
            given.compress_type = method
            made.writestr(given, content)
    return buffer.getvalue()


def received(settings: Settings, content: bytes) -> list[str]:
    upload = uploads.receive([Sent("set.zip", content)], settings)
    folder = uploads.folder_of(upload.folder, settings)
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def refusal(settings: Settings, content: bytes) -> str:
    with pytest.raises(InvalidError) as refused:
        received(settings, content)
    assert list(settings.upload_dir.glob("*")) == [], "nothing is left"
    assert list(settings.data_dir.parent.rglob("*evil*")) == []
    return str(refused.value)


def test_an_archive_is_unpacked_with_its_folders(settings: Settings) -> None:
    content = zipped(("set/", b""), ("set/real/ä.png", b"1"), ("set/fake/b.png", b"2"), method=8)
    assert received(settings, content) == ["set/fake/b.png", "set/real/ä.png"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.png", "the name leads out of its folder"),
        ("a/../../evil.png", "the name leads out of its folder"),
        ("a//evil.png", "the name leads out of its folder"),
        ("./evil.png", "the name leads out of its folder"),
        ("/tmp/evil.png", "the name is an absolute path"),
        ("C:/evil.png", "the name is an absolute path"),
        ("..\\evil.png", "the name has a backslash"),
        ("a/evil\n.png", "the name has characters that cannot be shown"),
        ("evil\x7f.png", "the name has characters that cannot be shown"),
        ("e" * 256 + "evil", "the name is too long"),
        ("evil/" * 201 + "a.png", "the name is too long"),
        ("inner/evil.ZIP", "an archive within an upload is not unpacked"),
        ("evil.tar.gz", "an archive within an upload is not unpacked"),
    ],
)
def test_a_name_that_is_no_plain_path_is_refused(
    settings: Settings, name: str, reason: str
) -> None:
    said = refusal(settings, zipped(("real/a.png", b"1"), (name, b"2")))
    assert said.startswith("Nothing was uploaded. “")
    assert said.endswith(f"”: {reason}.")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("real/a.png", "real/a.png"),
        ("real/a.png", "Real/A.PNG"),
        ("real/é.png", "real/e\u0301.png"),
        ("straße.png", "STRASSE.png"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_names_of_one_file_are_refused(settings: Settings, first: str, second: str) -> None:
    said = refusal(settings, zipped((first, b"1"), (second, b"2")))
    assert "another one has this name, in these or in other letters" in said


def test_a_file_that_is_a_folder_too_is_refused(settings: Settings) -> None:
    assert "a file has the name of its folder" in refusal(
        settings, zipped(("a", b"1"), ("A/b.png", b"2"))
    )


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (stat.S_IFLNK, "it is a link"),
        (stat.S_IFIFO, "it is no regular file"),
        (stat.S_IFCHR, "it is no regular file"),
    ],
)
def test_links_and_special_files_are_refused(settings: Settings, kind: int, reason: str) -> None:
    assert reason in refusal(settings, zipped((entry("evil", kind), b"/etc/passwd")))


def test_a_bomb_is_refused_by_its_ratio(settings: Settings) -> None:
    settings = settings.model_copy(update={"upload_megabytes": 100})
    content = zipped(("evil.bmp", bytes(20_000_000)), method=8)
    assert len(content) < 50_000
    assert "it unpacks to more than 200 times its size" in refusal(settings, content)


def test_more_than_the_bound_once_unpacked_is_refused(settings: Settings) -> None:
    files = [(f"{number}.bmp", bytes(900_000)) for number in range(3)]
    assert refusal(settings, zipped(*files, method=8)) == "The archive unpacks to more than 2 MB."


def test_an_entry_that_is_longer_than_it_says_is_cut_and_refused(settings: Settings) -> None:
    content = bytearray(zipped(("a.bin", bytes(range(256)) * 4)))
    directory = content.rindex(b"PK\x01\x02")
    struct.pack_into("<L", content, directory + 24, 100)  # of 1,024 bytes
    assert refusal(settings, bytes(content)).startswith("The archive is damaged: ")


def test_too_many_files_are_refused(settings: Settings) -> None:
    files = [(f"{number}.png", b"1") for number in range(21)]
    assert refusal(settings, zipped(*files)) == "The archive has more than 20 files."


def test_a_directory_that_would_fill_the_memory_is_not_read(settings: Settings) -> None:
    content = bytearray(zipped(("a.png", b"1")))
    struct.pack_into("<L", content, content.rindex(b"PK\x05\x06") + 12, 64_000_001)
    assert refusal(settings, bytes(content)) == "The archive has too many entries."


def test_entries_that_share_bytes_are_refused(settings: Settings) -> None:
    content = bytearray(zipped(("a.bin", b"x" * 5000), ("b.bin", b"y" * 5000)))
    second = content.rindex(b"PK\x01\x02")
    struct.pack_into("<L", content, second + 42, 40)  # within the first
    assert "its bytes are those of another one, too" in refusal(settings, bytes(content))


def test_an_encrypted_entry_is_refused(settings: Settings) -> None:
    content = bytearray(zipped(("a.png", b"1")))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    assert "it is encrypted" in refusal(settings, bytes(content))


def test_another_compression_is_refused(settings: Settings) -> None:
    content = zipped(("a.png", b"1" * 100), method=zipfile.ZIP_LZMA)
    assert "it is compressed by another method than deflate" in refusal(settings, content)


def test_what_is_no_archive_or_is_cut_off_is_refused(settings: Settings) -> None:
    content = zipped(("a.png", b"1" * 100))
    assert refusal(settings, content[:60]) == "This is no zip archive, or its end is missing."
    damaged = content.replace(b"1" * 100, b"2" * 100)
    assert refusal(settings, damaged).startswith("The archive is damaged: ")
    assert refusal(settings, zipped()) == "The archive has no files."


def test_files_are_kept_by_their_names(settings: Settings) -> None:
    sent = [Sent("set/real/a.png", b"1"), Sent("list.csv", b"2"), Sent("", b"")]
    upload = uploads.receive(sent, settings)
    assert (upload.shown, upload.files) == ("set/real/a.png and 1 more", 2)
    folder = uploads.folder_of(upload.folder, settings)
    assert (folder / "set" / "real" / "a.png").read_bytes() == b"1"
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("names", [["../evil"], ["a.png", "A.png"], ["a.png", "set.zip"], []])
def test_files_with_such_names_are_refused(settings: Settings, names: list[str]) -> None:
    with pytest.raises(InvalidError):
        uploads.receive([Sent(each, b"1") for each in names], settings)
    assert list(settings.upload_dir.glob("*")) == []


def test_more_files_than_allowed_are_refused(settings: Settings) -> None:
    with pytest.raises(InvalidError, match="At most 20 files"):
        uploads.receive([Sent(f"{each}.png", b"1") for each in range(21)], settings)


def test_a_name_may_stand_in_any_script() -> None:
    assert str(Names().add("データ/实.png")) == "データ/实.png"


def test_bounds_follow_the_settings(settings: Settings) -> None:
    assert uploads.bounds_of(settings) == archive.Bounds(files=20, size=2_000_000)
