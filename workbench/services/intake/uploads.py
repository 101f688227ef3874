"""Uploads: files and archives from browsers, in a folder of their own until they are imported."""

from __future__ import annotations

import errno
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from flask_babel import gettext

from workbench.config import Settings
from workbench.services.errors import InvalidError
from workbench.services.intake.archive import MAGIC, Bounds, unpack
from workbench.services.intake.names import Names
from workbench.services.sources.entries import display

UNPACKED: Final = 2
"""An archive unpacks to so many times the largest upload at most."""
_CHUNK: Final = 1 << 20
_YOUNG_SECONDS: Final = 3600
"""A folder of no draft may be that of an upload under way for so long."""


class Received(Protocol):
    """A file as it came from a browser."""

    @property
    def filename(self) -> str | None: ...
    @property
    def stream(self) -> IO[bytes]: ...


@dataclass(frozen=True)
class Upload:
    """What was uploaded, on disk."""

    folder: str
    """Its name below the directory of uploads."""
    shown: str
    files: int


def bounds_of(settings: Settings) -> Bounds:
    """What one upload may hold."""
    return Bounds(settings.upload_files, UNPACKED * settings.upload_bytes)


def folder_of(name: str, settings: Settings) -> Path:
    """The folder of an upload."""
    return settings.upload_dir / name


def receive(files: Sequence[Received], settings: Settings) -> Upload:
    """Keep what a browser sent: one zip archive, unpacked, or files with their names.

    Raises InvalidError with what is wrong, with nothing kept.
    """
    given = [each for each in files if each.filename]
    if not given:
        raise InvalidError(gettext("Choose a file, several, or a zip archive."))
    name = secrets.token_hex(16)
    folder = folder_of(name, settings)
    folder.mkdir(mode=0o700, parents=True)
    try:
        if len(given) == 1 and _is_archive(given[0].stream):
            count = unpack(given[0].stream, folder, bounds_of(settings))
        else:
            count = _keep(given, folder, settings.upload_files)
    except BaseException as error:
        remove(name, settings)
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise InvalidError(gettext("A path in the upload is too long.")) from error
        raise
    if not count:
        remove(name, settings)
        raise InvalidError(gettext("The archive has no files."))
    return Upload(name, _shown(given), count)


def remove(name: str, settings: Settings) -> None:
    """Remove an upload with all its files."""
    shutil.rmtree(folder_of(name, settings), ignore_errors=True)


def others_than(needed: Iterable[str], settings: Settings) -> list[str]:
    """The names of all other uploads but young ones, whose draft is still to be written."""
    names, found = set(needed), []
    oldest = time.time() - _YOUNG_SECONDS
    for folder in settings.upload_dir.glob("*"):
        with suppress(FileNotFoundError):  # another process was quicker
            if folder.name not in names and folder.stat().st_mtime < oldest:
                found.append(folder.name)
    return found


def _is_archive(stream: IO[bytes]) -> bool:
    stream.seek(0)
    found = stream.read(len(MAGIC)) == MAGIC
    stream.seek(0)
    return found


def _keep(given: Sequence[Received], folder: Path, most: int) -> int:
    if len(given) > most:
        raise InvalidError(
            gettext("At most %(number)s files are uploaded at once.", number=f"{most:,}")
        )
    names = Names()
    paths = [names.add(each.filename or "") for each in given]
    for each, path in zip(given, paths, strict=True):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(each.stream, file, _CHUNK)
    return len(given)


def _shown(given: Sequence[Received]) -> str:
    first = display(given[0].filename or "")[:200]
    more = len(given) - 1
    return gettext("%(first)s and %(more)s more", first=first, more=more) if more else first
