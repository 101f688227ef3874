"""Unpacking a zip archive that a stranger may have made (ADR 53).

Everything is checked by the archive's directory before a file is written, and what is written is
counted. Only zip: its directory says what comes before anything is unpacked; that of a tar is the
whole archive.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Final

from flask_babel import gettext

from workbench.services.errors import InvalidError
from workbench.services.intake.names import Names
from workbench.services.sources.entries import display

MAGIC: Final = b"PK"
MOST_RATIO: Final = 200
"""Of unpacked to packed bytes, of a file of more than `SMALL` bytes. Photographs have about 1."""
SMALL: Final = 1_000_000
LARGEST_DIRECTORY: Final = 64_000_000
"""Bytes: some 400,000 entries, read into memory."""
_CHUNK: Final = 1 << 20
_HEADER: Final = 30
"""Bytes before an entry's name."""
_END: Final = struct.Struct("<4s4H2LH")
_END_OF_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_TAIL: Final = 65_535 + _END.size
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True)
class Bounds:
    """What an upload may hold: files, and bytes once unpacked."""

    files: int
    size: int


def unpack(archive: IO[bytes], folder: Path, bounds: Bounds) -> int:
    """Write the archive's files below a folder; how many. Raises InvalidError with what is wrong.

    What was written before is for the caller to remove.
    """
    _check_directory(archive)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _checked(opened.infolist(), bounds)
            left = bounds.size
            for entry, path in entries:
                left -= _write(opened, entry, folder / path, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise InvalidError(
            gettext("The archive is damaged: %(reason)s.", reason=str(error).rstrip("."))
        ) from error
    return len(entries)


def _check_directory(archive: IO[bytes]) -> None:
    """Refuse a directory that would fill the memory, before it is read."""
    size = archive.seek(0, 2)
    start = max(size - _TAIL, 0)
    archive.seek(start)
    tail = archive.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise InvalidError(gettext("This is no zip archive, or its end is missing."))
    directory = _END.unpack_from(tail, at)[5]
    if directory == 0xFFFFFFFF:
        directory = _directory_of_64(archive, start + at)
    archive.seek(0)
    if directory > LARGEST_DIRECTORY:
        raise InvalidError(gettext("The archive has too many entries."))


def _directory_of_64(archive: IO[bytes], end: int) -> int:
    archive.seek(max(end - _LOCATOR.size, 0))
    _mark, _disk, offset, _disks = _LOCATOR.unpack(archive.read(_LOCATOR.size))
    archive.seek(min(offset, end))
    found = archive.read(_END_OF_64.size)
    return int(_END_OF_64.unpack(found)[8]) if len(found) == _END_OF_64.size else 0


def _checked(entries: list[zipfile.ZipInfo], bounds: Bounds) -> list[tuple[zipfile.ZipInfo, Path]]:
    names = Names()
    found = []
    for entry in entries:
        _check_kind(entry)
        if entry.is_dir():
            names.add_folder(entry.orig_filename)
        else:
            found.append((entry, names.add(entry.orig_filename)))
    if len(found) > bounds.files:
        raise InvalidError(
            gettext("The archive has more than %(number)s files.", number=f"{bounds.files:,}")
        )
    if sum(entry.file_size for entry, _path in found) > bounds.size:
        raise _too_large(bounds.size)
    _check_overlap(entries)
    return found


def _check_kind(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise _refused(entry, gettext("it is a link"))
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(entry, gettext("it is no regular file"))
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(entry, gettext("it is encrypted"))
    if entry.compress_type not in _METHODS:
        raise _refused(entry, gettext("it is compressed by another method than deflate"))
    if entry.file_size > max(SMALL, MOST_RATIO * entry.compress_size):
        raise _refused(
            entry,
            gettext("it unpacks to more than %(ratio)s times its size", ratio=MOST_RATIO),
        )


def _check_overlap(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse bytes that are unpacked twice: thus few make many."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in pairwise(ordered):
        name = len(entry.orig_filename.encode("utf-8", "surrogatepass"))
        shortest = _HEADER + min(name, len(entry.orig_filename))
        if entry.header_offset + shortest + entry.compress_size > following.header_offset:
            raise _refused(entry, gettext("its bytes are those of another one, too"))


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write one file of at most `left` bytes; how many it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as packed, path.open("xb") as file:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise _too_large(left)
            file.write(chunk)
    return written


def _too_large(size: int) -> InvalidError:
    return InvalidError(
        gettext(
            "The archive unpacks to more than %(megabytes)s MB.",
            megabytes=f"{size // 1_000_000:,}",
        )
    )


def _refused(entry: zipfile.ZipInfo, reason: str) -> InvalidError:
    name = display(entry.orig_filename[:200])
    return InvalidError(
        gettext("Nothing was uploaded. “%(name)s”: %(reason)s.", name=name, reason=reason)
    )
