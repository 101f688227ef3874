"""Where the file is that a manifest or a list names, however its path is written there."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

_FOLDERS: Final = 4096
"""Folders whose links are kept resolved."""
_LISTINGS: Final = 8

OUTSIDE: Final = "outside the image root"
LINK_OUT: Final = "symbolic link out of the source, not followed"
NOT_REGULAR: Final = "not a regular file"
NOT_FOUND: Final = "file not found"


class Finder:
    """Looks for files below some folders, the first that has one wins.

    Absolute paths are taken as they are: the list is the operator's word, and the image root,
    where set, is the fence. A path that does not exist as written is tried with Windows' separators
    and in the other of Unicode's normal forms.
    """

    def __init__(self, folders: tuple[Path, ...], image_root: Path | None) -> None:
        self._folders = tuple(str(folder) for folder in dict.fromkeys(folders))
        self._fence = None if image_root is None else str(image_root)
        self._resolved: Callable[[str], str] = lru_cache(_FOLDERS)(os.path.realpath)
        self._spellings = lru_cache(_LISTINGS)(_not_ascii)

    def find(self, written: str) -> tuple[Path, str]:
        """Where the file is, with its folder's links resolved, and what speaks against it."""
        for spelled in self._as_spelled(written):
            for folder in self._folders:
                if found := self._look(folder, os.path.join(folder, spelled)):  # noqa: PTH118
                    return found
        return Path(self._folders[0], written), NOT_FOUND

    def _as_spelled(self, written: str) -> Iterator[str]:
        yield written
        forward = written.replace("\\", "/")
        if forward != written:
            yield forward
        if not written.isascii():
            for folder in self._folders:
                if (spelled := self._spelled(folder, forward)) is not None:
                    yield spelled

    def _spelled(self, folder: str, written: str) -> str | None:
        """The path of an existing file that differs from the written one in normal form alone."""
        path = folder
        for part in PurePosixPath(written).parts:
            step = os.path.join(path, part)  # noqa: PTH118 - a million rows
            if not os.path.lexists(step):
                if part.isascii():
                    return None
                name = self._spellings(path).get(unicodedata.normalize("NFC", part))
                if name is None:
                    return None
                step = os.path.join(path, name)  # noqa: PTH118
            path = step
        return path

    def _look(self, folder: str, path: str) -> tuple[Path, str] | None:
        try:
            mode = os.lstat(path).st_mode
        except (OSError, ValueError):
            return None
        above, name = os.path.split(path)
        place = os.path.join(self._resolved(above), name)  # noqa: PTH118
        # The last part may be a link, or no name at all.
        plain = stat.S_ISREG(mode)
        target = place if plain else os.path.realpath(path)
        return Path(place), self._objection(folder, path, place, target, plain=plain)

    def _objection(self, folder: str, path: str, place: str, target: str, *, plain: bool) -> str:
        fence = self._fence
        if fence and not (_is_below(place, fence) and _is_below(target, fence)):
            return OUTSIDE
        if not _is_below(target, folder) and _is_below(os.path.normpath(path), folder):
            return LINK_OUT
        return "" if plain or os.path.isfile(target) else NOT_REGULAR  # noqa: PTH113


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else folder + "/")


def _not_ascii(folder: str) -> dict[str, str]:
    """A folder's names that can be written in several ways, by their composed form."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names alone
    except OSError:
        return {}
    return {unicodedata.normalize("NFC", name): name for name in names if not name.isascii()}
